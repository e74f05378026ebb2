"""A video for a credential, over HTTP, with a node in memory."""

import asyncio
import contextlib
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import httpx
import pymacaroons
import pytest

from lightning import Preimage
from service.assembly.stores import open_orders

WISH = {"text": "Hello there, my dear friend.", "avatar": "arab_woman", "emotion": "happy"}
OTHER = {**WISH, "text": "Hello there, my dear enemy."}

CHALLENGE = re.compile(r'L402 macaroon="(.*?)", invoice="(.*?)", version="0", token="(.*?)"')

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@dataclass
class Bought:
    """What a client keeps of a challenge that it has paid."""

    macaroon: str
    invoice: str
    preimage: Preimage
    problem: dict[str, Any]

    def header(self, scheme: str = "L402", macaroon: str | None = None) -> dict[str, str]:
        return {"Authorization": f"{scheme} {macaroon or self.macaroon}:{self.preimage.hex()}"}


def challenged(answer: httpx.Response) -> tuple[str, str]:
    """The macaroon and the invoice of a challenge."""
    assert answer.status_code == 402, answer.text
    [header] = answer.headers.get_list("WWW-Authenticate")
    found = CHALLENGE.fullmatch(header)
    assert found
    assert found[1] == found[3]
    return found[1], found[2]


async def ask(shop, wish=WISH, headers=None, **query: str) -> httpx.Response:
    return await shop.http.post("/l402/video", json=wish, headers=headers or {}, params=query)


async def buy(shop, wish=WISH) -> Bought:
    answer = await ask(shop, wish)
    macaroon, invoice = challenged(answer)
    return Bought(macaroon, invoice, shop.node.pay(invoice), answer.json())


async def told(shop, answer: httpx.Response) -> dict[str, Any]:
    """What the status link of an answer tells."""
    return dict((await shop.http.get(answer.links["status"]["url"])).json())


async def until_told(shop, holds, answer: httpx.Response) -> None:
    async with asyncio.timeout(10):
        while not holds(await told(shop, answer)):  # noqa: ASYNC110 - what a buyer can do
            await asyncio.sleep(0.01)


@pytest.fixture
def shop(standing_shop):
    standing_shop.worker.segments = 4
    standing_shop.worker.requests.clear()
    return standing_shop


@pytest.fixture
async def own_shop(closed_shop):
    async with closed_shop.open() as own:
        yield own


@pytest.mark.parametrize("stage", [None, {"width": 640, "height": 360}])
async def test_who_pays_the_challenge_gets_the_video_as_often_as_wanted(shop, stage):
    wish = WISH if stage is None else {**WISH, "stage": stage}
    bought = await buy(shop, wish)

    answers = [await ask(shop, wish, bought.header(scheme)) for scheme in ("L402", "LSAT", "l402")]

    assert [answer.content for answer in answers] == [shop.worker.video] * 3
    assert answers[0].headers["Content-Type"] == "video/mp4"
    assert len(shop.worker.requests) == 1


async def test_first_uses_at_once_share_one_render_and_a_preimage_alone_opens_nothing(shop):
    bought = await buy(shop)
    other = await ask(shop, OTHER)
    stolen = {"Authorization": f"L402 {other.json()['macaroon']}:{bought.preimage.hex()}"}

    answers = await asyncio.gather(*(ask(shop, headers=bought.header()) for _ in range(12)))

    assert [answer.content for answer in answers] == [shop.worker.video] * 12
    assert len(shop.worker.requests) == 1
    challenged(await ask(shop, OTHER, stolen))


async def test_who_takes_something_with_a_weight_that_is_none_gets_what_was_paid_for(shop):
    bought = await buy(shop)

    answer = await ask(shop, headers={**bought.header(), "Accept": "*/*;q=inf"})

    assert answer.content == shop.worker.video


async def test_the_challenge_says_what_it_is_for_and_is_kept_by_nobody(shop):
    answer = await ask(shop)

    problem = answer.json()
    assert challenged(answer) == (problem["macaroon"], problem["bolt11_invoice"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == "/docs/problems#credential-required"
    assert problem["duration"] == 1.9
    assert f"costs {problem['amount']} sat" in problem["detail"]


async def test_a_dear_challenge_says_that_clients_have_caps(shop):
    answer = await ask(shop, {**WISH, "text": "A long story, which goes on. " * 100})

    assert "at most 1,000 sat" in answer.json()["detail"]


async def test_another_wish_is_challenged_anew_and_never_served_on_the_old_payment(shop):
    bought = await buy(shop)

    for change in ({"text": "Bye."}, {"avatar": "arab_man"}, {"emotion": "serious"}, {"language": "de"}):
        macaroon, invoice = challenged(await ask(shop, {**WISH, **change}, bought.header()))
        assert macaroon != bought.macaroon
        assert invoice != bought.invoice
    assert not shop.worker.requests


async def test_the_same_wish_in_other_bytes_is_the_same(shop):
    bought = await buy(shop)
    other = b'{ "emotion":"happy", "text": "  Hello there, my dear friend.\\n","avatar":"arab_woman", "voice": null}'

    answer = await shop.http.post("/l402/video", content=other, headers=bought.header())

    assert answer.content == shop.worker.video


async def test_a_recording_is_bought_by_a_form_with_another_boundary_at_each_try(shop, make_wav):
    shop.worker.segments = 2
    form = {"data": {"avatar": "arab_woman", "emotion": "happy"}, "files": {"audio": make_wav(1.0)}}
    macaroon, invoice = challenged(await shop.http.post("/l402/video", **form))
    bought = Bought(macaroon, invoice, shop.node.pay(invoice), {})

    answer = await shop.http.post("/l402/video", **form, headers=bought.header())
    longer = {**form, "files": {"audio": make_wav(1.01)}}
    other = await shop.http.post("/l402/video", **longer, headers=bought.header())

    assert answer.content == shop.worker.video
    challenged(other)


async def test_two_who_wish_the_same_get_an_invoice_each(shop):
    first, second = await asyncio.gather(ask(shop), ask(shop))

    assert challenged(first)[1] != challenged(second)[1]


async def test_a_challenge_that_is_asked_for_again_with_its_key_has_the_same_invoice(shop):
    first, second = await ask(shop, headers=KEY), await ask(shop, headers=KEY)
    macaroon, invoice = challenged(second)

    bought = Bought(macaroon, invoice, shop.node.pay(invoice), {})

    assert challenged(first)[1] == invoice
    assert first.json()["refund_token"] == second.json()["refund_token"]
    assert (await ask(shop, headers=bought.header())).content == shop.worker.video
    assert (await ask(shop, OTHER, headers=KEY)).status_code == 422


async def test_caveats_that_a_client_appends_are_nothing_to_us(shop):
    bought = await buy(shop)
    narrowed = pymacaroons.Macaroon.deserialize(bought.macaroon)
    narrowed.add_first_party_caveat(f"preimage={bought.preimage.hex()}")
    narrowed.add_first_party_caveat("services=other:0")

    answer = await ask(shop, headers=bought.header(macaroon=narrowed.serialize()))

    assert answer.content == shop.worker.video


@pytest.mark.parametrize(
    "caveat",
    [
        "satspeak_wish=00",
        "satspeak_order=00",
        "satspeak_valid_until=1",
        "satspeak_valid_until=soon",
        "satspeak_valid_until=",
    ],
)
async def test_a_caveat_of_ours_that_does_not_hold_narrows(shop, caveat):
    bought = await buy(shop)
    narrowed = pymacaroons.Macaroon.deserialize(bought.macaroon)
    narrowed.add_first_party_caveat(caveat)

    challenged(await ask(shop, headers=bought.header(macaroon=narrowed.serialize())))


async def test_a_credential_that_is_none_is_challenged(shop):
    bought = await buy(shop)
    other = await buy(shop)
    forged = pymacaroons.Macaroon(
        identifier=pymacaroons.Macaroon.deserialize(bought.macaroon).identifier_bytes,
        key=bytes(32),
        version=pymacaroons.MACAROON_V2,
    )

    for header in (
        f"L402 {bought.macaroon}",
        f"L402 {bought.macaroon}:{bytes(32).hex()}",
        f"L402 {bought.macaroon}:{other.preimage.hex()}",
        f"L402 {forged.serialize()}:{bought.preimage.hex()}",
        f"L402 AAAA:{bought.preimage.hex()}",
        "Bearer something",
        "Basic dTpw",
    ):
        challenged(await ask(shop, headers={"Authorization": header}))


async def test_a_good_credential_is_found_among_others(shop):
    bought, other = await buy(shop), await buy(shop, OTHER)
    good, bad = bought.header()["Authorization"], other.header("LSAT")["Authorization"]

    for headers in ([bad, good], [good, bad], [f"{bad}, {good}"]):
        answer = await shop.http.post(
            "/l402/video", json=WISH, headers=[("Authorization", each) for each in headers]
        )
        assert answer.content == shop.worker.video


async def test_a_credential_runs_out(closed_shop):
    async with closed_shop.open(l402_valid_s=3600) as shop:
        bought = await buy(shop)
        shop.clock.pass_by(minutes=59)
        assert (await ask(shop, headers=bought.header())).status_code == 200
        shop.clock.pass_by(minutes=2)

        challenged(await ask(shop, headers=bought.header()))


async def test_what_is_paid_is_not_lost_when_its_invoice_has_expired(closed_shop, silent_node):
    closed_shop.node = silent_node  # nothing is told of the payment
    async with closed_shop.open() as shop:
        bought = await buy(shop)
        shop.clock.pass_by(minutes=10)

        assert (await ask(shop, headers=bought.header())).content == shop.worker.video


async def test_a_receipt_that_we_were_not_told_of_is_asked_for_at_once(closed_shop, silent_node):
    closed_shop.node = silent_node
    async with closed_shop.open(payment_wait_s=3600) as shop:
        bought = await buy(shop)

        assert (await ask(shop, headers=bought.header())).content == shop.worker.video


async def test_a_receipt_is_never_challenged_anew_while_the_node_is_away(closed_shop, silent_node):
    closed_shop.node = silent_node
    async with closed_shop.open(payment_wait_s=0.2) as shop:
        bought = await buy(shop)
        shop.node.go_down()
        away = await ask(shop, headers=bought.header())
        shop.clock.pass_by(minutes=10)
        expired = await ask(shop, headers=bought.header())
        shop.node.come_back()

        assert (away.status_code, expired.status_code) == (503, 503)
        assert (await ask(shop, headers=bought.header())).content == shop.worker.video


async def test_the_invoice_of_a_challenge_expires_early(closed_shop):
    async with closed_shop.open(l402_expiry_s=60) as shop:
        _, invoice = challenged(await ask(shop))
        shop.node._now = lambda: shop.clock.now().timestamp()
        shop.clock.pass_by(seconds=61)

        with pytest.raises(Exception, match="expired"):
            shop.node.pay(invoice)


async def test_a_crash_between_payment_and_first_request_loses_nothing(closed_shop):
    async with closed_shop.open() as shop:
        macaroon, invoice = challenged(await ask(shop))
    bought = Bought(macaroon, invoice, closed_shop.node.pay(invoice), {})

    async with closed_shop.open() as shop:
        assert (await ask(shop, headers=bought.header())).content == shop.worker.video
    async with closed_shop.open() as shop:
        assert (await ask(shop, headers=bought.header())).content == shop.worker.video
    assert len(closed_shop.worker.requests) == 1


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_credential_that_is_revoked_opens_nothing(closed_shop):
    async with closed_shop.open() as shop:
        bought = await buy(shop)
        assert (await ask(shop, headers=bought.header())).status_code == 200
        async with open_orders(shop.settings()) as kept:
            order = await kept.orders.find(bought.invoice)
            assert order
            assert await kept.root_keys.revoke(order.id)
            assert not await kept.root_keys.revoke(order.id)

        challenged(await ask(shop, headers=bought.header()))


async def test_the_operator_revokes_by_the_invoice(shop):
    bought = await buy(shop)

    done = await asyncio.to_thread(revoke, shop, bought.invoice)

    assert done.returncode == 0, done.stderr
    challenged(await ask(shop, headers=bought.header()))


def revoke(shop, invoice: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "l402", "revoke", invoice]
    environment = {"SATSPEAK_DATA_DIR": str(shop.folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


async def test_a_video_that_was_deleted_is_sold_anew(closed_shop):
    async with closed_shop.open(l402_valid_s=365 * 86_400, sweep_s=0.05, video_retention_days=30) as shop:
        bought = await buy(shop)
        delivered = await ask(shop, headers=bought.header())
        shop.clock.pass_by(days=31)

        await until_told(shop, lambda payment: payment["video"]["state"] == "deleted", delivered)

        challenged(await ask(shop, headers=bought.header()))


async def test_what_nobody_pays_is_forgotten_whole(closed_shop):
    async with closed_shop.open(sweep_s=0.05, unpaid_retention_s=1, unpaid_record_retention_s=1) as shop:
        _, invoice = challenged(await ask(shop))
        shop.node._now = lambda: shop.clock.now().timestamp()
        shop.clock.pass_by(hours=1)

        async with asyncio.timeout(10), open_orders(shop.settings()) as kept:
            while await kept.orders.find(invoice) is not None:
                shop.clock.pass_by(seconds=2)
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({**WISH, "text": " "}, 400),
        ({**WISH, "text": "a" * 6000}, 400),
        ({**WISH, "avatar": "nobody"}, 400),
        ({**WISH, "emotion": "hungry"}, 400),
        ({**WISH, "language": "xx"}, 400),
        ({**WISH, "avatar": None}, 400),
        ({**WISH, "emotion": None}, 400),
        ({**WISH, "colour": "red"}, 400),
        ({**WISH, "text": "a" * 90_000}, 413),
    ],
)
async def test_what_cannot_be_made_is_refused_without_a_challenge(shop, wish, status):
    answer = await ask(shop, wish)

    assert answer.status_code == status
    assert "WWW-Authenticate" not in answer.headers


async def test_a_recording_that_cannot_be_sold_is_refused_without_a_challenge(shop, make_wav):
    form = {"data": {"avatar": "arab_woman", "emotion": "happy"}}

    for audio in (make_wav(1.0, rate=8000), b"RIFF", make_wav(0)):
        answer = await shop.http.post("/l402/video", **form, files={"audio": audio})
        assert answer.status_code == 400
        assert "WWW-Authenticate" not in answer.headers


async def test_a_node_that_cannot_receive_it_challenges_nobody(own_shop):
    own_shop.node.inbound = 0

    assert (await ask(own_shop)).status_code == 503


async def test_challenges_count_as_quotes_and_what_is_paid_does_not(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=3) as shop:
        bought = await buy(shop)
        challenged(await ask(shop))
        challenged(await ask(shop))

        assert (await ask(shop)).status_code == 429
        assert [(await ask(shop, headers=bought.header())).status_code for _ in range(5)] == [200] * 5


async def test_unpaid_challenges_count_as_open_quotes(closed_shop):
    async with closed_shop.open(open_quotes_per_client=2) as shop:
        await buy(shop)
        challenged(await ask(shop))
        challenged(await ask(shop))

        assert (await ask(shop)).status_code == 429


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Accept": "application/json"}, {}),
        ({"Accept": "application/json, text/plain, */*"}, {}),
        ({}, {"link": "true"}),
    ],
)
async def test_who_reads_text_gets_a_link_that_needs_no_header(shop, headers, query):
    bought = await buy(shop)

    answer = await ask(shop, headers={**bought.header(), **headers}, **query)

    told = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert (await shop.http.get(told["video_url"])).content == shop.worker.video
    assert (await shop.http.get(told["payment_url"])).json()["status"] == "paid"
    assert (told["duration"], told["bolt11_invoice"]) == (1.9, bought.invoice)
    assert told["refund_token"] == bought.problem["refund_token"]


@pytest.mark.parametrize("accept", ["*/*", "video/mp4", "video/mp4, application/json", "image/png", ""])
async def test_who_takes_anything_or_a_video_gets_it(shop, accept):
    bought = await buy(shop)

    assert (await ask(shop, headers={**bought.header(), "Accept": accept})).content == shop.worker.video


async def test_links_begin_with_the_public_url_where_there_is_one(closed_shop):
    async with closed_shop.open(public_url="https://video.example.org/shop") as shop:
        bought = await buy(shop)

        told = (await ask(shop, headers=bought.header(), link="true")).json()

    assert told["video_url"].startswith(f"https://video.example.org/shop/lightning/video/{bought.invoice}?")


async def test_the_invoice_alone_opens_nothing(shop):
    bought = await buy(shop)
    await ask(shop, headers=bought.header())

    assert (await shop.http.get(f"/lightning/video/{bought.invoice}")).status_code == 404
    assert (await shop.video(bought.invoice)).status_code == 404


async def test_a_video_that_fails_is_refunded_to_who_shows_what_the_credential_tells(own_shop):
    bought = await buy(own_shop)
    own_shop.worker.answer = (400, "This can never be spoken.")
    failed = await ask(own_shop, headers=bought.header())
    due = (await told(own_shop, failed))["refund"]["amount_msat"]
    wanted = own_shop.buyer.add_open_invoice().bolt11

    refund = await own_shop.http.post(
        "/lightning/refund",
        json={
            "bolt11_invoice": bought.invoice,
            "refund_token": failed.headers["Refund-Token"],
            "preimage": bought.preimage.hex(),
            "refund_invoice": wanted,
        },
    )

    assert failed.status_code == 400
    assert due > 0
    assert refund.status_code in (200, 202), refund.text
    await until_told(own_shop, lambda payment: payment["status"] == "refunded", failed)
    challenged(await ask(own_shop, headers=bought.header()))


async def test_a_page_of_another_site_may_ask_and_read(shop):
    page = {"Origin": "https://elsewhere.example"}
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = await shop.http.options("/l402/video", headers={**page, **asking})
    answer = await ask(shop, headers=page)

    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "www-authenticate" in answer.headers["Access-Control-Expose-Headers"].lower()


async def test_a_render_that_breaks_goes_on_for_who_asks_again(own_shop):
    bought = await buy(own_shop)
    own_shop.worker.fail_after = 2
    with contextlib.suppress(httpx.RemoteProtocolError):
        await ask(own_shop, headers=bought.header())
    own_shop.worker.fail_after = None

    assert (await ask(own_shop, headers=bought.header())).content == own_shop.worker.video
    assert len(own_shop.worker.requests) == 2
