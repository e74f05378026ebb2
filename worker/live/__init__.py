"""Live sessions: a face that listens and speaks for as long as somebody asks for pictures. Knows no room and no money.

`session` is what happens, `desk` who may come in, `route` the WebSocket; `stretch`, `utterance`, `film` and `idle` are
its parts.
"""
