"""The command line: one file per command group, on the SDK alone.

Only `up`, `worker` and `doctor` reach further: they are the server.
"""
