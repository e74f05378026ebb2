"""Calls of a LiveTalking server elsewhere, behind the proxy: another service of ours, with its contract, is it."""

import httpx
import pytest

from service.errors import SettingsError
from service.settings import Settings
from tests.live.viewer import Viewer

A = "/api/v1/avatar"


async def test_a_page_calls_another_server_and_its_recordings_are_kept_in_our_bucket(
    tmp_path, make_shop, face, holder_of, objects_url
):
    opened = {"worker_urls": face.url, "call_open": True, "house_account": True, "call_avatar": "ann"}
    async with make_shop(tmp_path / "far", **opened) as far:
        near_settings = {"livetalking_url": f"{far.url}/", "objects_url": objects_url}
        async with make_shop(tmp_path / "near", **near_settings) as near:
            holder = await holder_of(near)

            async def ask(path, **body):
                return await near.http.post(f"{A}/{path}", json=body, headers=holder.headers, timeout=60)

            urls = (await near.http.get(f"{A}/session", headers=holder.headers)).json()
            health = (await near.http.get(f"{A}/health")).json()
            viewer = Viewer()
            offer = {"sdp": await viewer.offer(), "type": "offer"}
            answer = (await far.http.post(urls["webrtc_url"], json=offer, timeout=60)).json()
            await viewer.accept(answer["sdp"])
            session = answer["sessionid"]
            before = await ask("recording/download", session_id=session)
            started = await ask("recording", session_id=session, action="start")
            said = await ask("send-text", session_id=str(session), text="Hello there, my friend.")
            await viewer.until(viewer.heard, "speech")
            since = len(viewer.light)
            await viewer.until(lambda: len(viewer.light) > since + 40, "pictures")
            stopped = await ask("recording", session_id=session, action="stop")
            kept = (await ask("recording/download", session_id=session, title="Mine")).json()
            again = (await ask("recording/download", session_id=session)).json()
            unknown = await ask("send-text", session_id="0b7a1c1e-6f1c-4f0e-9d5e-0c9a6f1f7d11", text="Hello.")
            async with httpx.AsyncClient() as anybody:
                film = await anybody.get(kept["download_url"])
            theirs = await far.http.get(f"/record/{session}")
            await viewer.close()
            await holder.settled()

    assert urls == {
        "webrtc_url": f"{far.url}/offer",
        "human_url": f"{far.url}/human",
        "record_url": f"{far.url}/record",
    }
    assert health == {"livetalking_available": True, "livetalking_url": far.url}
    assert before.status_code == 404
    assert started.json() == {"success": True, "message": "Recording started"}
    assert said.json() == {"success": True, "message": "Text sent successfully"}
    assert stopped.json() == {"success": True, "message": "Recording stopped"}
    assert kept["s3_key"] == f"avatar-recordings/{holder.id}/{kept['recording_id']}.mp4"
    assert "X-Amz-Signature=" in kept["download_url"]
    assert film.content == theirs.content
    assert film.content[4:8] == b"ftyp"
    assert again["recording_id"] == kept["recording_id"]  # the same is kept once
    assert (unknown.status_code, list(unknown.json())) == (404, ["detail"])


async def test_a_server_that_does_not_answer_is_told_as_such(tmp_path, make_shop, holder_of):
    async with make_shop(tmp_path, livetalking_url="http://127.0.0.1:1") as shop:
        holder = await holder_of(shop)
        health = (await shop.http.get(f"{A}/health")).json()
        answers = [
            await shop.http.post(f"{A}/{path}", json={"session_id": 1, **body}, headers=holder.headers)
            for path, body in (
                ("send-text", {"text": "Hello."}),
                ("recording", {"action": "start"}),
                ("recording", {"action": "stop"}),
                ("recording/download", {}),
            )
        ]

    assert health == {"livetalking_available": False, "livetalking_url": "http://127.0.0.1:1"}
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json() == {"detail": "LiveTalking server unavailable: Connection refused"}


def test_an_address_that_is_none_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="SATSPEAK_LIVETALKING_URL"):
        Settings.of(livetalking_url="livetalking:8010")
