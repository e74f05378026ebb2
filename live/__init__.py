"""Shows a live session in a LiveKit room, at an RTMP server or to a viewer. One process for each; knows no money.

`python -m live` is told on its standard input what to show and tells on its standard output what happens. Killing it
harms nobody, which is why it is a process: LiveKit's SDK may abort as Python ends, and writing RTMP may hang for ever.
"""
