"""Hands videos to their buyers, and tells them how their orders are."""
