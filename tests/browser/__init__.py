"""Tests in a real browser. A package, so that its server and its browser are there for all of them and no longer."""
