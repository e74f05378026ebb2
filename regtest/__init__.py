"""A real Lightning network on a private chain, for tests and the demo."""
