"""Looks whether all that a shop needs is there, and says what to do where it is not."""
