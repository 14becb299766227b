"""Training data as a pipeline."""
