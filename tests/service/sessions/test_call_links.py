"""What a page's own server asks about calls: links for the page, texts, recordings; with keys and JSON Web Tokens."""

import json
import time
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from service.assembly.stores import open_accounts
from service.errors import SettingsError
from service.sessions.call_terms import IceServer
from service.settings import Settings
from tests.live.viewer import Viewer
from tests.service.sessions.test_calls import HEAR, LONG, LOOK

ISSUER, AUDIENCE = "https://issuer.example/project", "project"

A = "/api/v1/avatar"


def here(url: str) -> str:
    """Where a link leads at the service under test."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
def signer():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
async def shop(tmp_path_factory, make_shop, face, signer):
    folder = tmp_path_factory.mktemp("links")
    keys = folder / "jwks.json"
    public = json.loads(ECAlgorithm.to_jwk(signer.public_key()))
    keys.write_text(json.dumps({"keys": [{**public, "kid": "one", "alg": "ES256", "use": "sig"}]}))
    async with make_shop(
        folder,
        worker_urls=face.url,
        jwt_jwks_file=str(keys),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        house_account=True,
    ) as shop:
        yield shop


@pytest.fixture
async def holder(shop, holder_of):
    return await holder_of(shop)


async def test_a_page_with_a_link_and_no_key_calls_is_spoken_to_and_recorded(shop, holder, holder_of):
    urls = (await shop.http.get(f"{A}/session", headers=holder.headers)).json()
    assert set(urls) == {"webrtc_url", "human_url", "record_url"}
    viewer = Viewer()
    offer = {"sdp": await viewer.offer(), "type": "offer", "avatar": "ann"}
    answer = (await shop.http.post(here(urls["webrtc_url"]), json=offer, timeout=60)).json()
    await viewer.accept(answer["sdp"])
    number = answer["sessionid"]

    async def ask(path, **body):
        body = {"session_id": number, **body}
        return await shop.http.post(f"{A}/{path}", json=body, headers=holder.headers, timeout=60)

    unrecorded = await ask("recording/download")
    started = await ask("recording", action="start")
    said = await ask("send-text", text="Hello there, my friend.")
    await viewer.until(viewer.heard, "speech")
    stopped = await ask("recording", action="stop")
    kept = (await ask("recording/download", title="My recording")).json()
    by_link = await shop.http.get(here(kept["download_url"]))
    direct = await shop.http.get(f"/record/{number}", headers=holder.headers)
    stranger = await holder_of(shop)
    theirs = await shop.http.post(
        f"{A}/recording/download", json={"session_id": number}, headers=stranger.headers
    )
    token = urlsplit(kept["download_url"]).query
    misused = await shop.http.post(f"/offer?{token}", json=offer)
    await viewer.close()
    await holder.settled()
    later = await ask("send-text", text="Too late.")

    assert unrecorded.status_code == 404
    assert unrecorded.json() == {
        "detail": "No recording found. Make sure you stopped recording before downloading."
    }
    assert started.json() == {"success": True, "message": "Recording started"}
    assert said.json() == {"success": True, "message": "Text sent successfully"}
    assert stopped.json() == {"success": True, "message": "Recording stopped"}
    assert kept["s3_key"] == f"avatar-recordings/{holder.id}/{kept['recording_id']}.mp4"
    assert by_link.content == direct.content
    assert by_link.content[4:8] == b"ftyp"
    assert theirs.status_code == 404
    assert misused.status_code == 401  # the link of a recording opens no call
    assert (later.status_code, set(later.json())) == (404, {"detail"})


async def test_a_link_is_good_no_longer_than_its_key(shop, holder):
    urls = (await shop.http.get(f"{A}/session", headers=holder.headers)).json()
    body = {"sdp": "nonsense", "type": "offer", "avatar": "ann"}
    before = await shop.http.post(here(urls["webrtc_url"]), json=body, timeout=60)

    async with open_accounts(shop.settings()) as holders:
        [mine] = [key for key in await holders.keys.list() if key.account_id == holder.id]
        assert await holders.keys.revoke(mine.id)
    after = await shop.http.post(here(urls["webrtc_url"]), json=body)

    assert before.status_code == 200
    assert after.status_code == 401


@pytest.mark.parametrize(
    ("body", "type_", "field", "said"),
    [
        (
            {"session_id": 1, "text": ""},
            "string_too_short",
            "text",
            "String should have at least 1 character",
        ),
        (
            {"session_id": 1, "text": "x" * 5_001},
            "string_too_long",
            "text",
            "String should have at most 5000 characters",
        ),
        ({"session_id": 1}, "missing", "text", "Field required"),
        ({"session_id": 1, "text": 5}, "string_type", "text", "Input should be a valid string"),
        (
            {"session_id": "x", "text": "x"},
            "int_parsing",
            "session_id",
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            {"session_id": 1, "text": "x", "interrupt": "maybe"},
            "bool_parsing",
            "interrupt",
            "Input should be a valid boolean, unable to interpret input",
        ),
    ],
)
async def test_what_does_not_fit_is_told_in_the_words_of_pydantic(shop, holder, body, type_, field, said):
    answer = await shop.http.post(f"{A}/send-text", json=body, headers=holder.headers)

    assert answer.status_code == 422
    assert answer.json() == {"detail": [{"type": type_, "loc": ["body", field], "msg": said}]}


async def test_an_action_is_start_or_stop(shop, holder):
    body = {"session_id": 1, "action": "pause"}

    answer = await shop.http.post(f"{A}/recording", json=body, headers=holder.headers)

    assert answer.json()["detail"][0]["msg"] == "Input should be 'start' or 'stop'"


async def test_health_needs_no_key_and_all_else_does(shop):
    health = await shop.http.get(f"{A}/health")

    assert health.json() == {"livetalking_available": True, "livetalking_url": shop.url}
    for answer in (
        await shop.http.get(f"{A}/session"),
        await shop.http.post(f"{A}/send-text", json={}),
        await shop.http.post(f"{A}/recording", json={}),
        await shop.http.post(f"{A}/recording/download", json={}),
    ):
        assert (answer.status_code, set(answer.json())) == (401, {"detail"})


async def test_a_json_web_token_stands_for_the_account_of_its_subject(shop, signer, holder):
    async with open_accounts(shop.settings()) as holders:
        account = await holders.accounts.get(holder.id)
    assert account is not None
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": account.name, "iat": now, "exp": now + 600}

    async def ask(claims, key=signer, kid="one", algorithm="ES256"):
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})
        answer = await shop.http.get(f"{A}/session", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    assert await ask(good) == 200
    for change in (
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"exp": now - 600},
        {"sub": "nobody"},
        {"sub": "house"},  # whoever issues tokens names no operator
    ):
        assert await ask({**good, **change}) == 401, change
    assert await ask({name: value for name, value in good.items() if name != "exp"}) == 401
    assert await ask(good, kid="two") == 401
    assert await ask(good, key=ec.generate_private_key(ec.SECP256R1())) == 401
    assert await ask(good, key="a secret that is long enough to be one", algorithm="HS256") == 401


def test_tokens_of_anybody_are_not_trusted():
    with pytest.raises(SettingsError, match="SATSPEAK_JWT_ISSUER"):
        Settings.from_env({"SATSPEAK_JWT_JWKS_FILE": "keys.json"})


def test_turn_servers_come_with_what_opens_them_and_others_are_refused():
    calls = Settings.of(
        ice_servers="stun:stun.example.org:3478 turn:turn.example.org:3478?transport=udp",
        turn_username="us",
        turn_credential="secret",
    ).calls

    assert calls.servers() == [
        IceServer("stun:stun.example.org:3478"),
        IceServer("turn:turn.example.org:3478?transport=udp", "us", "secret"),
    ]
    with pytest.raises(SettingsError, match="SATSPEAK_ICE_SERVERS"):
        Settings.of(ice_servers="https://turn.example.org")


STEPS = """
async key => {
    const headers = {"Authorization": `Bearer ${key}`};
    const json = {"Content-Type": "application/json"};
    const urls = await (await fetch("/api/v1/avatar/session", {headers})).json();

    const connection = window.connection = new RTCPeerConnection();
    for (const kind of ["video", "audio"]) connection.addTransceiver(kind, {direction: "recvonly"});
    const video = document.body.appendChild(document.createElement("video"));
    connection.ontrack = ({streams}) => video.srcObject = streams[0];
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    const body = JSON.stringify({sdp: offer.sdp, type: offer.type});
    const answer = await (await fetch(urls.webrtc_url, {method: "POST", headers: json, body})).json();
    await connection.setRemoteDescription(answer);
    await video.play();

    window.ask = async (path, asked) => {
        const body = JSON.stringify({session_id: answer.sessionid, ...asked});
        const options = {method: "POST", headers: {...headers, ...json}, body};
        return (await fetch(`/api/v1/avatar/${path}`, options)).json();
    };
    return answer.sessionid;
}
"""

PLAY = """
async url => {
    const film = await (await fetch(url)).blob();
    const video = document.createElement("video");
    video.src = URL.createObjectURL(film);
    await new Promise((loaded, failed) => { video.onloadeddata = loaded; video.onerror = failed; });
    return [film.size, video.duration, video.videoWidth];
}
"""


async def test_a_page_goes_the_steps_of_its_document(shop, holder, chromium):
    page = await chromium.new_page()
    await page.goto(f"{shop.url}/health/live")
    session = await page.evaluate(STEPS, holder.headers["Authorization"].removeprefix("Bearer "))

    started = await page.evaluate("ask('recording', {action: 'start'})")
    said = await page.evaluate("text => ask('send-text', {text, interrupt: true})", LONG)
    assert await page.evaluate(HEAR, True) is not None
    assert await page.evaluate(LOOK) >= 8
    stopped = await page.evaluate("ask('recording', {action: 'stop'})")
    kept = await page.evaluate("ask('recording/download', {title: 'My recording'})")
    size, duration_s, width = await page.evaluate(PLAY, kept["download_url"])
    film = await shop.http.get(f"/record/{session}", headers=holder.headers)
    await page.close()
    free_ms, used_ms = await holder.settled()  # a closed tab frees the session

    assert [each["success"] for each in (started, said, stopped, kept)] == [True] * 4
    assert (size, width) == (len(film.content), 512)
    assert duration_s > 0.5
    assert free_ms + used_ms == 60_000
