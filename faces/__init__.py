"""Draws people who do not exist: from CC0 geometry and a `Look`, with moderngl on EGL. Knows no HTTP and no video.

What it needs beside numpy, OpenCV and SciPy is in the extra `satspeak[faces]`, and libEGL with any OpenGL 3.3.
"""
