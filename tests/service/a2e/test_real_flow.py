"""A2E's flow as a public client goes it, with the worker as a program: from words to a film that plays."""

import io
import time
from typing import Any

import av
import numpy as np
import pytest
import requests
from anyio import to_thread

from tests.worker.conftest import WorkerProcess, write_assets
from worker.import_faces import FaceFinder

TIMEOUT_S = 900  # drawing lets everybody else go first


@pytest.fixture(scope="module")
def worker_program(tmp_path_factory):
    program = WorkerProcess(write_assets(tmp_path_factory.mktemp("assets")))
    yield program
    program.stop()


def flow(base: str, key: dict[str, str], prompt: str | None = None) -> tuple[bytes, bytes]:
    """What the client does, step by step; the speech and the film, of a face that a prompt makes where there is one."""

    def post(path: str, **body: Any) -> Any:
        answer = requests.post(f"{base}/api/v1/{path}", json=body, headers=key, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()["data"]

    def get(path: str, **query: str) -> Any:
        answer = requests.get(f"{base}/api/v1/{path}", params=query, headers=key, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()["data"]

    which = {"type": "default"}
    if prompt is not None:
        drawn = post("userText2image/start", name="Ada", prompt=prompt, width=512, height=512)
        [address] = drawn["image_urls"]
        twin = post("userVideoTwin/startTraining", name="Ada", gender="male", image_url=address)["_id"]
        while (told := get(f"userVideoTwin/{twin}"))["current_status"] in ("initialized", "processing"):
            time.sleep(2)  # as the client does, if less long
        assert told["current_status"] == "completed", told
        which = {"type": "custom", "user_video_twin_id": twin}
    speech = post(
        "video/send_tts",
        msg="Good morning. This is said once.",
        tts_id="6625ebd4613f49985c349f95",
        speechRate=1.0,
    )
    anchors = get("anchor/character_list", **which)
    task = post(
        "video/generate",
        title="Hello",
        anchor_id=anchors[0]["_id"],
        anchor_type=0 if prompt is None else 1,
        audioSrc=speech,
        resolution=480,
        web_bg_width=853,
        web_bg_height=480,
        web_people_width=270,
        web_people_height=480,
        web_people_x=292,
        web_people_y=0,
        isSkipRs=True,
        isCaptionEnabled=False,
    )
    result = {"status": "init"}
    while result["status"] not in ("success", "failed"):  # each waits for 45 s
        [result] = post("video/awsResult", _id=task["_id"])
    assert result["status"] == "success"
    # As files are downloaded: without the key.
    return (
        requests.get(speech, timeout=TIMEOUT_S).content,
        requests.get(result["result"], timeout=TIMEOUT_S).content,
    )


async def test_a_public_client_gets_a_film_that_plays(closed_shop, worker_program, client_of):
    async with closed_shop.open(worker_urls=worker_program.url) as shop:
        a2e = await client_of(shop)

        speech, film = await to_thread.run_sync(flow, shop.url, a2e.headers)

        with av.open(io.BytesIO(speech), "r") as file:
            assert file.format.name == "mp3"
            spoken_s = (file.duration or 0) / av.time_base
        with av.open(io.BytesIO(film), "r") as file:
            frames = list(file.decode(video=0))
        with av.open(io.BytesIO(film), "r") as file:
            sounds = list(file.decode(audio=0))
        assert spoken_s > 1
        assert len(frames) / 25 == pytest.approx(spoken_s, abs=0.15)
        assert sounds
        assert (frames[0].width, frames[0].height) == (852, 480)
        used_ms = await a2e.settled()
        assert used_ms == pytest.approx(1200 * spoken_s, abs=250)


async def test_a_prompt_becomes_a_face_and_the_face_a_film(closed_shop, worker_program, client_of, full):
    if not full:
        pytest.skip("films somebody for a minute of a processor; --full")
    async with closed_shop.open(worker_urls=worker_program.url) as shop:
        a2e = await client_of(shop)

        _, film = await to_thread.run_sync(flow, shop.url, a2e.headers, "a bald man in a black turtleneck")

        with av.open(io.BytesIO(film), "r") as file:
            frames = [
                np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in file.decode(video=0)
            ]
        assert frames[0].shape == (480, 852, 3)
        assert len(FaceFinder().find(frames[25], smallest=60)) == 1
        assert frames[25][470:, 400:450].mean() < 80  # the turtleneck


async def test_a_worker_speaks_to_files_and_hears_files(worker_program):
    async with worker_program.client() as client:
        said = {"text": "Good morning.", "language": "en", "voice": None, "form": "wav"}
        spoken = await client.post("/speech", json=said)
        heard = await client.post("/pcm", params={"most_s": 30}, content=spoken.content)
        refused = [
            await client.post("/speech", json={**said, "language": "xx"}),
            await client.post("/speech", json={**said, "text": "..."}),
            await client.post("/speech", content=b"{"),
            await client.post("/pcm", params={"most_s": 30}, content=b"<html>"),
            await client.post(
                "/pcm", params={"most_s": 30}, content=b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
            ),
        ]
        long = await client.post("/pcm", params={"most_s": 0}, content=spoken.content)

    assert spoken.headers["Content-Type"] == "audio/wav"
    assert len(heard.content) / 32 == pytest.approx(int(spoken.headers["Speech-Ms"]), abs=60)
    assert [answer.status_code for answer in (*refused, long)] == [400] * 6
