"""The typed client: `penstock.connect()` gives a project, and everything is done by names from there.

Its values are those of the rooms (`model.py`), so the API and the SDK can't drift apart. It speaks to a server by HTTP
alone, also to the one that it starts in its own process where none serves the home folder.
"""
