"""What people and programs read about the service."""

import asyncio
import contextlib
import re
import sqlite3

import pytest

from lightning.memory import MemoryBackend
from service.app import create_app
from service.settings import Settings


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_loads_nothing_from_elsewhere(standing_shop, path):
    page = await standing_shop.http.get(path)

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    links = re.findall(
        r'<(?:link rel="(?:icon|stylesheet|manifest|modulepreload)"|script|img|a)[^>]*?(?:src|href)="([^"]+)"',
        page.text,
    )
    assert links
    for link in links:
        assert link.startswith(("/", "#"))
        assert (await standing_shop.http.get(link)).status_code == 200 or "portrait" in link


async def test_the_landing_page_shows_lines_that_name_this_very_service(standing_shop):
    page = await standing_shop.http.get("/")

    assert f"{standing_shop.url}/lightning/request-video/text" in page.text


async def test_every_resource_is_on_the_docs_page_and_in_the_schema_with_examples(standing_shop):
    schema = (await standing_shop.http.get("/schema/openapi.json")).json()
    docs = (await standing_shop.http.get("/docs")).text

    for path in (
        "/voices", "/metrics", "/health/live", "/health/ready",
        "/lightning/request-video/text", "/lightning/request-video/audio", "/lightning/generate-video",
        "/lightning/payment/{invoice}", "/lightning/payments", "/lightning/video/{invoice}", "/avatars",
        "/lightning/estimate", "/health", "/lightning/qr/{invoice}", "/lightning/payment/{invoice}/events",
    ):  # fmt: skip
        assert path in schema["paths"]
        assert path in docs
    text = schema["paths"]["/lightning/request-video/text"]["post"]
    assert "text" in text["requestBody"]["content"]["application/json"]["example"]
    assert "Field 'text' is missing." in str(text["responses"]["400"])
    delivery = schema["paths"]["/lightning/generate-video"]["post"]
    assert list(delivery["responses"]["200"]["content"]) == ["video/mp4"]
    form = schema["paths"]["/lightning/request-video/audio"]["post"]["requestBody"]["content"]
    assert form["multipart/form-data"]["schema"]["required"] == ["audio"]


def test_the_schema_is_made_without_a_running_service(tmp_path):
    assert create_app(Settings.of(data_dir=tmp_path), backend=MemoryBackend()).openapi_schema.to_schema()


async def test_the_avatars_are_the_source_apis(standing_shop):
    answer = (await standing_shop.http.get("/avatars")).json()

    assert len(answer["avatars"]) == 14
    assert {"name": "old_european_woman", "label": "Elderly Woman"} in answer["avatars"]
    assert answer["emotions"] == ["happy", "neutral", "serious"]
    assert len(answer["languages"]) == 17
    assert answer["voices"] == [{"name": "anna", "language": "de", "gender": "female"}]


async def test_health_names_the_part_that_is_down(shop):
    well = await shop.http.get("/health")
    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert {"node", "rate", "worker", "database", "objects", "settlements"} == set(well.json()["parts"])

    shop.node.go_down()

    answer = await shop.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    down = {name for name, part in answer.json()["parts"].items() if part["status"] == "down"}
    assert {"node"} == down


async def test_a_process_whose_node_cannot_be_asked_is_live_and_not_ready(shop):
    assert (await shop.http.get("/health/ready")).status_code == 200
    shop.node.go_down()

    assert (await shop.http.get("/health/live")).status_code == 200
    answer = await shop.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "detail": "NodeUnavailable"})
    shop.node.come_back()
    assert (await shop.http.get("/health/ready")).status_code == 200


async def test_a_process_that_can_read_and_not_write_is_not_ready(shop, monkeypatch):
    monkeypatch.setattr("service.routes.operating.health.PATIENCE_S", 0.2)
    with contextlib.closing(sqlite3.connect(shop.folder / "satspeak.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # as a copy that takes its time

        stuck = await shop.http.get("/health/ready")
        health = await shop.http.get("/health")

        other.execute("ROLLBACK")
    assert (stuck.status_code, stuck.json()["detail"]) == (503, "no answer in 0.2 s")
    assert health.json()["parts"]["database"]["status"] == "down"
    assert (await shop.http.get("/lightning/payment/lnbc1")).status_code == 404  # it still reads

    async with asyncio.timeout(10):
        while (await shop.http.get("/health/ready")).status_code != 200:  # noqa: ASYNC110 - what a prober does
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("hints", [False, True])
async def test_health_tells_of_a_node_that_no_wallet_finds_a_way_to(closed_shop, hints):
    closed_shop.node.private = True

    async with closed_shop.open(lnd_route_hints=hints) as shop:
        node = (await shop.http.get("/health")).json()["parts"]["node"]

    assert node["status"] == "ok"
    assert ("SATSPEAK_LND_ROUTE_HINTS" in node["detail"]) is not hints


async def test_a_stopping_process_is_live_and_not_ready(shop):
    shop.stopping.begin()

    assert (await shop.http.get("/health/live")).status_code == 200
    answer = await shop.http.get("/health/ready")
    assert (answer.status_code, answer.json()["detail"]) == (503, "about to stop")


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/problems", "/pages/style.css"])
async def test_who_has_a_page_already_is_not_sent_it_again(shop, path):
    page = await shop.http.get(path)

    again = await shop.http.get(path, headers={"If-None-Match": page.headers["ETag"]})
    another = await shop.http.get(path, headers={"If-None-Match": '"of another version"'})

    assert page.headers["Content-Type"].endswith("charset=utf-8")
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", page.headers["ETag"])
    assert again.headers["Cache-Control"] == page.headers["Cache-Control"]
    assert (another.status_code, another.content) == (200, page.content)
