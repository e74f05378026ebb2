"""Keeps orders, videos and keys in SQL: the rows are the truth, whatever else is lost."""
