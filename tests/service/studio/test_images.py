"""Portraits by an endpoint that speaks OpenAI's images/generations: a server of its own, as a test wants it."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from service.engines.fetching import HttpFetcher
from service.engines.images import ImagesEndpoint, nearest
from service.engines.terms import ImagesTerms
from service.studio.intake import LibraryTerms
from service.studio.script_port import EngineFailed
from tests.service.studio.conftest import hold
from tests.service.studio.test_twins import A2E, JPEG, PROMPT
from tests.serving import body_of, live, serve

PNG = b"\x89PNG\r\n\x1a\n" + bytes(900)

FITTED = JPEG[:-2] + b"fitted\xff\xd9"


class Images:
    """Draws."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.fetched: list[str] = []
        self.answers: list[tuple[int, bytes]] = []  # in place of a picture
        self.links = ""  # where pictures are, in place of themselves
        self.silent = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        if scope["method"] == "GET":
            self.fetched.append(scope["path"])
            await self._send(send, 200, PNG)
            return
        assert (scope["method"], scope["path"]) == ("POST", "/v1/images/generations")
        self.asked.append(json.loads(await body_of(receive)))
        self.keys.append(dict(scope["headers"]).get(b"authorization", b"").decode())
        if self.silent:
            await asyncio.Event().wait()
        if self.answers:
            await self._send(send, *self.answers.pop(0))
            return
        image = {"url": self.links} if self.links else {"b64_json": base64.b64encode(PNG).decode()}
        await self._send(send, 200, json.dumps({"created": 1, "data": [image]}).encode())

    async def _send(self, send: Any, status: int, body: bytes) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
async def standing(tmp_path_factory, make_closed_shop):
    """One service for all tests, and the endpoint that it asks."""
    images = Images()
    async with serve(images) as url, make_closed_shop(tmp_path_factory.mktemp("images")) as closed:
        images.url = url
        settings = {
            "images_url": f"{url}/v1/",
            "images_model": "brush-1",
            "images_key": "secret",
            "images_sizes": "1024x1024 1024x1536 1536x1024",
            "picture_mb": 1,
            "media_private": False,
        }
        async with closed.open(**settings) as shop:
            yield shop, images


@pytest.fixture
def images(standing):
    images = standing[1]
    url = images.url
    images.__init__()
    images.url = url
    return images


@pytest.fixture
async def a2e(standing, images):
    shop = standing[0]
    worker = shop.worker
    worker.portrait, worker.answer = FITTED, None
    for asked in (worker.prompts, worker.packs, worker.fitted):
        asked.clear()
    return A2E(await hold(shop, seconds=200))


async def test_a_portrait_is_drawn_by_the_endpoint_cut_by_a_worker_and_says_so(a2e, images):
    drawn = await a2e.post("userText2image/start", PROMPT)

    worker = a2e.holder.shop.worker
    assert drawn["engine"] == "brush-1"
    assert drawn["ignored_words"] == []
    assert (await a2e.holder.shop.http.get(drawn["image_urls"][0])).content == FITTED
    assert images.asked == [{"model": "brush-1", "prompt": PROMPT["prompt"], "size": "1536x1024", "n": 1}]
    assert images.keys == ["Bearer secret"]
    assert worker.fitted == [(PNG, "width=1024&height=768")]
    assert worker.prompts == []
    assert await a2e.coins() == 195


async def test_its_avatar_is_made_as_of_any_picture_and_has_no_second_pass(a2e):
    [url] = (await a2e.post("userText2image/start", PROMPT))["image_urls"]

    twin = await a2e.trained(image_url=url)

    [pack] = a2e.holder.shop.worker.packs
    assert pack["film"] == FITTED
    refusal = await a2e.post("userVideoTwin/continueTranining", {"_id": twin["_id"]}, status=501)
    assert "picture or a film" in refusal


async def test_a_picture_by_an_address_of_the_endpoint_is_read_there(a2e, images):
    images.links = f"{images.url}/files/1.png"

    drawn = await a2e.post("userText2image/start", PROMPT)

    assert images.fetched == ["/files/1.png"]
    assert drawn["engine"] == "brush-1"


async def test_an_address_elsewhere_is_followed_into_the_internet_alone(a2e, images):
    images.links = images.url.replace("127.0.0.1", "localhost") + "/files/1.png"

    refusal = await a2e.post("userText2image/start", PROMPT, status=400)

    assert "did not draw" in refusal
    assert images.fetched == []
    assert await a2e.coins() == 200


ONCE = {
    "refused": (400, b'{"error": {"message": "our policy"}}'),
    "a wrong key": (401, b"{}"),
    "not of the protocol": (200, b"<html>"),
    "nothing": (200, b'{"data": []}'),
    "neither picture nor address": (200, b'{"data": [{}]}'),
    "not base64": (200, b'{"data": [{"b64_json": "#"}]}'),
    "without an end": (200, b" " * 2_000_000),
}


@pytest.mark.parametrize("fault", ONCE)
async def test_what_can_never_be_drawn_is_asked_for_once_and_costs_nothing(a2e, images, fault):
    images.answers = [ONCE[fault]]

    refusal = await a2e.post("userText2image/start", PROMPT, status=400)

    assert "did not draw" in refusal
    assert "policy" not in refusal
    assert len(images.asked) == 1
    assert await a2e.coins() == 200


async def test_without_a_face_it_is_refused_as_the_worker_says(a2e):
    a2e.holder.shop.worker.answer = (400, "It shows no face.")

    assert await a2e.post("userText2image/start", PROMPT, status=400) == "It shows no face."

    assert await a2e.coins() == 200


@pytest.mark.parametrize("fault", ["away", "silent", "nobody there"])
async def test_what_may_pass_is_told_from_what_may_not(images, tmp_path, fault):
    images.answers, images.silent = [(503, b"")], fault == "silent"
    base = "http://127.0.0.1:1" if fault == "nobody there" else f"{images.url}/v1"
    terms = ImagesTerms(images_url=base, images_model="m", images_timeout_s=0.1 if fault == "silent" else 60)
    async with httpx.AsyncClient() as client:
        fetcher = HttpFetcher(tmp_path, LibraryTerms())
        endpoint = ImagesEndpoint(client, fetcher, terms, LibraryTerms())

        with pytest.raises(EngineFailed) as failure:
            await endpoint.paint("A man", width=512, height=512)

        await fetcher.aclose()
    assert failure.value.passing


@pytest.mark.parametrize(
    ("sizes", "wanted", "asked"),
    [
        ("", (1000, 700), (1024, 704)),
        ("1024x1024 1024x1536", (512, 512), (1024, 1024)),
        ("1024x1024 1024x1536", (512, 900), (1024, 1536)),
        ("512x512 1024x1024 2048x2048", (900, 900), (1024, 1024)),
        ("512x512,1024x1024", (2000, 2000), (1024, 1024)),
    ],
)
def test_the_nearest_size_is_asked_for(sizes, wanted, asked):
    assert nearest(ImagesTerms(images_sizes=sizes).sizes(), *wanted) == asked


@pytest.mark.parametrize(
    "terms",
    [
        {"images_url": "localhost:1", "images_model": "a"},
        {"images_url": "http://localhost:1"},
        {"images_sizes": "large"},
    ],
)
def test_what_is_no_endpoint_is_refused_at_the_start(terms):
    with pytest.raises(ValueError, match="SATSPEAK_IMAGES"):
        ImagesTerms(**terms)
