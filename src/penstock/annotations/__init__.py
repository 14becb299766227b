"""Annotations: shapes, rows, branches, merging, and what makes them valid."""
