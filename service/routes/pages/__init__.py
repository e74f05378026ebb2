"""The pages and the documentation of the API."""
