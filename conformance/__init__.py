"""What we write, read by readers that we did not write. `make conformance` runs it, in an environment of its own."""
