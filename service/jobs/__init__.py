"""The work that fulfils an order, and who holds its lease."""
