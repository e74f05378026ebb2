"""Seconds → millisatoshi, and what a bitcoin is worth."""
