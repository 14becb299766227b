"""Labels, attributes and schema versions."""
