"""Renders speech to a talking face and streams it as fragmented MP4; knows no money."""
