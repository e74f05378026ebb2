"""What other sites may call, and what every site is asked for."""

import re

import pytest

from service.errors import SettingsError
from service.settings import Settings


async def test_a_page_of_anybody_may_call_the_api_and_no_cookie_goes_with_it(standing_shop):
    origin = {"Origin": "https://elsewhere.example"}
    asked = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "claim-token",
    }

    preflight = await standing_shop.http.options("/lightning/generate-video", headers=asked)
    answer = await standing_shop.http.get("/avatars", headers=origin)
    refusal = await standing_shop.http.get("/lightning/payment/lnbc1", headers=origin)

    assert preflight.status_code == 204
    assert "claim-token" in preflight.headers["Access-Control-Allow-Headers"]
    for each in (answer, refusal):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
        assert "retry-after" in each.headers["Access-Control-Expose-Headers"].lower()
        assert "Access-Control-Allow-Credentials" not in each.headers


async def test_an_operator_may_name_whose_pages_call(make_shop, tmp_path):
    async with make_shop(tmp_path, cors_origins="https://ours.example") as shop:
        ours = await shop.http.get("/avatars", headers={"Origin": "https://ours.example"})
        theirs = await shop.http.get("/avatars", headers={"Origin": "https://elsewhere.example"})

    assert ours.headers["Access-Control-Allow-Origin"] == "https://ours.example"
    assert "Access-Control-Allow-Origin" not in theirs.headers


async def test_an_operator_may_let_nobody_call_and_tell_where_weaknesses_go(make_shop, tmp_path):
    async with make_shop(tmp_path, cors_origins="none", security_contact="mailto:safe@shop.example") as shop:
        answer = await shop.http.get("/avatars", headers={"Origin": "https://ours.example"})
        told = await shop.http.get("/.well-known/security.txt")

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert told.text.startswith("Contact: mailto:safe@shop.example\nExpires: 2")
    assert f"Canonical: {shop.url}/.well-known/security.txt" in told.text


@pytest.mark.parametrize(
    "setting",
    [
        {"cors_origins": "ours.example"},
        {"cors_origins": "https://ours.example/page"},
        {"security_contact": "safe@shop.example"},
        {"demo_wallet": "http://wallet.example/"},
        {"demo_wallet": "https://127.0.0.1/"},
    ],
)
def test_a_setting_that_cannot_work_is_refused(setting):
    [name] = setting

    with pytest.raises(SettingsError, match=f"SATSPEAK_{name.upper()}"):
        Settings.of(**setting)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/favicon.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
        ("/manifest.webmanifest", "application/json"),
        ("/robots.txt", "text/plain"),
    ],
)
async def test_what_every_site_is_asked_for_is_there(standing_shop, path, media_type):
    answer = await standing_shop.http.get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(media_type)
    again = await standing_shop.http.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


async def test_without_a_contact_there_is_no_security_txt(standing_shop):
    assert (await standing_shop.http.get("/.well-known/security.txt")).status_code == 404


async def test_a_language_model_is_told_how_to_buy_and_nothing_that_is_not_there(standing_shop):
    told = await standing_shop.http.get("/llms.txt")
    schema = (await standing_shop.http.get("/schema/openapi.json")).json()

    assert told.text.startswith("# satspeak\n\n> ")
    assert "$" not in told.text
    named = set(re.findall(rf"{re.escape(standing_shop.url)}(/[\w/{{}}.-]*[\w}}])", told.text))
    pages = {"/schema/openapi.json", "/schema/asyncapi.json", "/docs", "/docs/problems"}
    assert named - pages <= set(schema["paths"])
    for page in pages:
        assert (await standing_shop.http.get(page)).status_code == 200


async def test_links_for_language_models_lead_where_the_operator_says(make_shop, tmp_path):
    async with make_shop(tmp_path, public_url="https://video.example.org") as shop:
        told = await shop.http.get("/llms.txt")

    assert "https://video.example.org/l402/video" in told.text
    assert shop.url not in told.text
