"""Forgets what nobody needs any more."""
