"""Whatever comes over a WebSocket, in whatever order: a described close or message, and no video time that is lost."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from service.routes.avatartalk.continuous_messages import ASKED
from tests.service.sessions import described
from tests.service.sessions.conftest import Client, Holder

EXAMPLES, MANY_EXAMPLES = 15, 200  # of each
MUCH_MS = 1_000_000_000
INFER, CONTINUOUS = "/ws/infer", "/ws/continuous"

NUMBERS = st.sampled_from(["0", "-1", "1e400", "-1e999", "9" * 400, "0.1", "18446744073709551616"])
"""As JSON has them, or does not."""

ANYTHING = st.one_of(
    NUMBERS,
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    ).map(json.dumps),
    st.sampled_from(['"\\ud800"', '"\\u0000"', "[" * 5_000, "{", '"Good evening.', '"..."']),
)
TEXTS = st.sampled_from(['"Good evening."', '""', '"!"', '"你好"'])


@st.composite
def objects(draw: st.DrawFn, values: dict[str, st.SearchStrategy[str]]) -> str:
    """An object of JSON, whose values are JSON already; some are left out, and some are of the wrong kind."""
    names = draw(st.lists(st.sampled_from(sorted(values)), unique=True))
    members = [f"{json.dumps(name)}: {draw(values[name] | ANYTHING)}" for name in names]
    return "{" + ", ".join(members) + "}"


DATA = objects(
    {
        "text": TEXTS,
        "avatar_name": st.just('"ann"'),
        "expression": st.just('"happy"'),
        "language": st.just('"en"'),
        "target_buffer_ms": NUMBERS,
    }
)
MESSAGES = st.tuples(st.sampled_from(sorted(ASKED)).map(json.dumps) | ANYTHING, DATA | ANYTHING).map(
    lambda message: f'{{"type": {message[0]}, "data": {message[1]}}}'
)
SIGNS = st.sampled_from(['{"type": "end"}', '{"type": "clear"}', '{"type": "dance"}', "!!!Close!!!"])
FILES = st.tuples(
    st.sampled_from([b"RIFF\0\0\0\0WAVE", b"\x1aE\xdf\xa3", b"OggS", b"\0\0\0\x18ftypisom"]),
    st.binary(max_size=60),
).map(b"".join)
FRAMES = st.lists(
    MESSAGES | objects({"text": TEXTS, "type": st.just('"clear"')}) | SIGNS | ANYTHING
    | FILES | st.binary(max_size=4_000) | st.just(bytes(6_400)) | MESSAGES.map(str.encode),
    max_size=6,
)  # fmt: skip

FIRST = st.sampled_from([[], ['{"type": "session_start"}']])
"""What a conversation needs to begin at all; elsewhere it says nothing."""

QUERY = st.fixed_dictionaries(
    {},
    optional={
        "output_type": st.sampled_from(["file", "video", "audio", "rtmp", "livekit", "paper", ""]),
        "input_type": st.sampled_from(["text", "audio", "smell"]),
        "avatar": st.sampled_from(["ann", "ann", "nobody", ""]),
        "expression": st.sampled_from(["expressive", "furious"]),
        "language": st.sampled_from(["en", "cn", "zh", "xx", "\0"]),
        "stream_id": st.sampled_from(["mine", "x" * 201, "\0"]),
        "rtmp_url": st.sampled_from(["rtmp://127.0.0.1/live/key", "file:///etc/passwd", "rtmp://[", "\0"]),
        "meeting_token": st.text(max_size=20),
        "livekit_url": st.sampled_from(["ws://127.0.0.1:9", "wss://", "ws://[::1", "nonsense"]),
    },
)

CUT = [b"\x81\xfe\x01", b"\x82\xff\0\0"]
"""A frame of which no more comes."""

BROKEN = [b"\x81\x02hi", b"\x83\x80\0\0\0\0", b"\xf1\x80\0\0\0\0", b"\x81\x82\0\0\0\0\xff\xfe"]
"""What RFC 6455 forbids: without a mask, of an unknown kind, with unknown flags, a text that is no UTF-8."""

LEAVING = st.sampled_from(["end", "close", "abort", *CUT, *BROKEN])
ENDS = {INFER: '{"type": "end"}', CONTINUOUS: '{"type": "session_end"}'}


@pytest.fixture(scope="module")
def shop(portal, tmp_path_factory, make_shop, face):
    folder = tmp_path_factory.mktemp("fuzz")
    opening = make_shop(folder, worker_urls=face.url, live_quiet_s=0.1)
    with portal.wrap_async_context_manager(opening) as shop:
        yield shop


@pytest.mark.parametrize("path", [INFER, CONTINUOUS])
def test_whatever_comes_ends_with_a_described_close_and_a_settled_account(
    portal, shop, holder_of, path, full
):
    holder = portal.call(holder_of, shop, MUCH_MS)

    @given(
        asked=QUERY, frames=st.tuples(FIRST, FRAMES).map(lambda each: [*each[0], *each[1]]), leaving=LEAVING
    )
    @settings(
        max_examples=MANY_EXAMPLES if full else EXAMPLES,
        derandomize=not full,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def talk(asked: dict[str, str], frames: list[str | bytes], leaving: str | bytes) -> None:
        with capture_logs() as logs:
            portal.call(_talk, holder, path, asked, frames, leaving)
        assert [each for each in logs if each["log_level"] in ("error", "critical")] == []

    talk()


async def _talk(
    holder: Holder, path: str, asked: dict[str, Any], frames: list[Any], leaving: str | bytes
) -> None:
    async with holder.connect(path, **asked) as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send(*frames)
            await _leave(client, leaving)
        if leaving not in ("abort", *CUT):
            code, reason = await client.closed()
            assert {(code, reason), (code, None)} & described.closes(path), (code, reason)
    free_ms, used_ms = await holder.settled()
    assert free_ms + used_ms == MUCH_MS


async def _leave(client: Client, leaving: str | bytes) -> None:
    match leaving:
        case "end":
            await client.send(ENDS[client.path])
        case "close":
            await client.socket.close()
        case bytes():
            client.socket.transport.write(leaving)
    if leaving in ("abort", *CUT):
        client.socket.transport.abort()
