"""The public API: one file a resource."""
