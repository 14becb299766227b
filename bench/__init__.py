"""What Penstock costs in time and memory on this machine. `python -m bench` runs everything that is not named slow."""
