"""Adapters of what others run: hosts of files that clients name, and programs that write and translate."""
