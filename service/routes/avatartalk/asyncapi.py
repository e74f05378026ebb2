"""The AsyncAPI document of the WebSockets, made of the structs that they read and send.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from service.routes.avatartalk import closings, continuous_messages, infer_messages
from service.routes.avatartalk.frames import CLOSE, Message
from service.routes.http.keys import HEADER

VERSION = "3.0.0"

SECURE = {"http": "ws", "https": "wss"}

INFER, CONTINUOUS = "infer", "continuous"

STATUSES = (*get_args(infer_messages.Status), infer_messages.Duration)
TOLD = tuple(continuous_messages.Told.__subclasses__())

TYPES = (
    Message,
    *STATUSES,
    *dict.fromkeys(continuous_messages.ASKED.values()),
    *TOLD,
    infer_messages.InferQuery,
    continuous_messages.ContinuousQuery,
)
_, _SCHEMAS = msgspec.json.schema_components(TYPES, ref_template="#/components/schemas/{name}")

QUERIES = (infer_messages.InferQuery.__name__, continuous_messages.ContinuousQuery.__name__)

SECURITY = {
    "apiKey": {"type": "http", "scheme": "bearer"},
    "apiKeyHeader": {"type": "httpApiKey", "name": HEADER, "in": "header"},
}

FILM = {
    "summary": "The film, piece by piece: a fragmented MP4.",
    "contentType": "video/mp4",
    "payload": {"type": "string", "format": "binary"},
}

SOUND = {
    **FILM,
    "summary": "With `output_type=audio` the sound of the film alone.",
    "contentType": "audio/mp4",
}


def document(here: str) -> dict[str, Any]:
    """Describe the WebSockets of the service that is reached `here`."""
    place = urlsplit(here)
    server = {
        "host": place.netloc,
        "protocol": SECURE[place.scheme],
        "security": _refs("securitySchemes", SECURITY),
    }
    if place.path:
        server["pathname"] = place.path
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "satspeak",
            "version": "1",
            "description": "Live sessions by WebSocket. /schema/openapi.json tells the rest, server-sent events too.",
        },
        "defaultContentType": "application/json",
        "servers": {"service": server},
        "channels": {INFER: _infer(), CONTINUOUS: _continuous()},
        "operations": {
            **_operations(INFER, asked=_INFER_ASKED, told=_INFER_TOLD),
            **_operations(CONTINUOUS, asked=_CONTINUOUS_ASKED, told=_CONTINUOUS_TOLD),
        },
        "components": {
            "schemas": {name: schema for name, schema in _SCHEMAS.items() if name not in QUERIES},
            "securitySchemes": SECURITY,
        },
    }


def _infer() -> dict[str, Any]:
    return _channel(
        "/ws/infer",
        "What is said is shown: it comes back as a film, or goes to a LiveKit room or an RTMP server.",
        _INFER_ASKED | _INFER_TOLD,
        query=_query(infer_messages.InferQuery, infer_messages.NEEDED),
    )


def _continuous() -> dict[str, Any]:
    return _channel(
        "/ws/continuous",
        "A face that rests and speaks until its client has had enough.",
        _CONTINUOUS_ASKED | _CONTINUOUS_TOLD,
        query=_query(continuous_messages.ContinuousQuery, ()),
    )


def _channel(
    address: str, summary: str, messages: Mapping[str, Any], query: dict[str, Any]
) -> dict[str, Any]:
    return {
        "address": address,
        "summary": summary,
        "description": "It is accepted before it is refused, so that each close has its reason: `x-closes` has them"
        " all. One without a `reason` here says what is wrong.",
        "messages": messages,
        "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
        "x-closes": [
            {"code": code} if reason is None else {"code": code, "reason": reason}
            for code, reason in closings.documented()
        ],
    }


def _query(kind: type[msgspec.Struct], needed: Iterable[str]) -> dict[str, Any]:
    """Return the schema of parameters; what is left out is no empty text, as our defaults are."""
    schema = _SCHEMAS[kind.__name__]
    named = {
        name: {key: value for key, value in each.items() if key != "default"}
        for name, each in schema["properties"].items()
    }
    return {**schema, "properties": named, "required": list(needed)}


def _json(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Describe a message that is such a struct."""
    return {"summary": inspect.getdoc(kind), "payload": {"$ref": f"#/components/schemas/{kind.__name__}"}}


def _asked(kind: str, data: type[msgspec.Struct]) -> dict[str, Any]:
    """Describe a message of a client's to `/ws/continuous`."""
    return {
        "summary": inspect.getdoc(data),
        "payload": {
            "type": "object",
            "properties": {
                "type": {"const": kind},
                "data": {"$ref": f"#/components/schemas/{data.__name__}"},
            },
            "required": ["type"],
        },
    }


def _text(summary: str, **schema: Any) -> dict[str, Any]:
    return {"summary": summary, "contentType": "text/plain", "payload": {"type": "string", **schema}}


def _operations(channel: str, *, asked: Iterable[str], told: Iterable[str]) -> dict[str, Any]:
    def operation(action: str, messages: Iterable[str]) -> dict[str, Any]:
        return {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": _refs(f"channels/{channel}/messages", messages),
        }

    return {f"{channel}Asked": operation("receive", asked), f"{channel}Told": operation("send", told)}


def _refs(place: str, names: Iterable[str]) -> list[dict[str, str]]:
    root = "#" if place.startswith("channels") else "#/components"
    return [{"$ref": f"{root}/{place}/{name}"} for name in names]


_INFER_ASKED = {
    Message.__name__: _json(Message),
    "Words": _text("Plain words with `input_type=text`, in either kind of frame: an utterance."),
    "Close": _text("Nothing more will be said; in either kind of frame.", const=CLOSE),
    "Sound": {
        "summary": "With `input_type=audio`: s16le mono 16 kHz, or a file that its first bytes tell (WAV, WebM, Ogg,"
        " MP4 in fragments), in pieces of any size.",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    },
}
_INFER_TOLD = {kind.__name__: _json(kind) for kind in STATUSES} | {"Film": FILM, "FilmSound": SOUND}
_CONTINUOUS_ASKED = {kind: _asked(kind, data) for kind, data in continuous_messages.ASKED.items()}
_CONTINUOUS_TOLD = {kind.__name__: _json(kind) for kind in TOLD} | {"Film": FILM}
