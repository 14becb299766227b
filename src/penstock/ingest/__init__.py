"""Sources become files, annotations and entries."""
