"""Who and what can be chosen."""
