"""Tells receivers what becomes of orders: signed, in order, and again until they say that they have it."""
