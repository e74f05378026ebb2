"""Adapters of what others run: endpoints and programs that write and translate."""
