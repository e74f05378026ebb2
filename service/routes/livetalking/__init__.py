"""Calls in the words of LiveTalking, whose pages work here as they are."""
