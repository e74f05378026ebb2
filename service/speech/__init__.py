"""Seconds of a text, and whether a WAV is one that we sell."""
