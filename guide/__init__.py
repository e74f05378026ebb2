"""Makes the guide: the pages of `docs/` and what belongs to them, as static files that the service serves at /guide."""
