"""The command line: one file per command group, on the SDK alone (but for `up`, `worker` and `doctor`, which are the server)."""
