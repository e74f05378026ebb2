"""Builds every part: the only package that knows adapters.

One `open_...` for each group of parts, returning a struct of what it opened; `service.assembly.service` joins them.
"""
