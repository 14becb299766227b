"""The demo: drawn pages of real handwritten digits, simulated people and a receiver that really trains.

Everything it does to Penstock goes through the public SDK, so it is also the longest example of it.
"""
