"""Exports: a dataset or a version, written out as a set of files with a manifest."""
