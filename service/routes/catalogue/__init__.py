"""Avatars and voices."""
