"""Sells talking-head videos for Lightning payments over HTTP."""
