"""The demo: drawn pages of real handwritten digits, simulated people and a receiver that really trains. On the public SDK only."""
