"""What people run: the command line, the demo and a small client of the service."""

__version__ = "0.1.0"
