"""`satspeak.client` buys of a real service: whatever the API sells, it can open and give back."""

import asyncio
import sys
import uuid
from typing import Any

import pytest

from lightning import Msat
from satspeak.client import Client, InsufficientCredits, ServiceRefused, TryLater

CHOICE: dict[str, Any] = {"avatar": "arab_woman", "emotion": "happy"}


@pytest.fixture
async def client(shop):
    async with Client(shop.url) as client:
        yield client


async def watch(client, invoice, **options):
    return b"".join([chunk async for chunk in client.video(invoice, **options)])


async def test_a_private_purchase_is_opened_by_its_token_alone(shop, client, worker):
    quote = await client.quote_text("Hello there.", private=True)
    shop.node.pay(quote.bolt11_invoice)

    with pytest.raises(ServiceRefused) as refused:
        await client.payment(quote.bolt11_invoice)
    assert (refused.value.status, refused.value.problem.type) == (
        404,
        "/docs/problems#invoice-not-found",
    )
    with pytest.raises(ServiceRefused):
        await watch(client, quote.bolt11_invoice, **CHOICE)

    assert await watch(client, quote.bolt11_invoice, claim_token=quote.claim_token, **CHOICE) == worker.video
    payment = await client.payment(quote.bolt11_invoice, claim_token=quote.claim_token)
    assert (payment.status, payment.video.state) == ("paid", "ready")


async def test_a_held_purchase_is_one_payment(shop, client, worker, make_wav, tmp_path):
    wav = tmp_path / "speech.wav"
    wav.write_bytes(make_wav(0.5))
    quote = await client.quote_audio(wav, hold=True, language="en", **CHOICE)
    paying = asyncio.create_task(shop.node.pay_held(quote.bolt11_invoice))

    assert await watch(client, quote.bolt11_invoice) == worker.video
    await paying
    assert (await client.payment(quote.bolt11_invoice, wait_s=5)).status == "paid"


async def test_a_failed_purchase_is_given_back(shop, client, worker):
    quote = await client.quote_text("Hello there, my friend.")
    preimage = shop.node.pay(quote.bolt11_invoice).hex()
    worker.answer = (400, "no")
    with pytest.raises(ServiceRefused):
        await watch(client, quote.bolt11_invoice, **CHOICE)
    offer = (await client.payment(quote.bolt11_invoice)).refund
    assert offer is not None
    assert offer.state == "offered"
    mine = await shop.buyer.add_invoice(amount=Msat(offer.amount_msat), memo="", expiry_s=3600)

    refund = await client.refund(quote, preimage=preimage, invoice=mine.bolt11)

    assert (refund.status, refund.amount_msat) == ("refunded", offer.amount_msat)
    assert (await client.payment(quote.bolt11_invoice)).status == "refunded"


async def test_a_wish_that_is_named_is_quoted_once_and_costs_what_was_estimated(client):
    key = str(uuid.uuid4())

    estimate = await client.estimate("Hello there.")
    quotes = [await client.quote_text("Hello there.", key=key) for _ in range(2)]

    assert quotes[0] == quotes[1]
    assert (estimate.duration, estimate.amount) == (quotes[0].duration, quotes[0].amount)


async def test_what_may_work_later_says_when(shop, client):
    shop.node.go_down()

    with pytest.raises(TryLater) as refused:
        await client.quote_text("Hello there.")

    assert refused.value.status == 503
    assert refused.value.retry_after_s
    assert refused.value.detail


async def test_a_wallet_buys_video_time_and_sees_it_in_its_account(shop):
    async with Client(shop.url) as stranger:
        bought = await stranger.top_up(60)
        with pytest.raises(ServiceRefused) as refused:
            await stranger.account()
        assert (refused.value.status, refused.value.problem.title) == (401, "INVALID_API_KEY")
    async with Client(shop.url, api_key=bought.api_key) as client:
        more = await client.top_up(5)
        assert (more.account_id, more.api_key) == (bought.account_id, None)
        for quote in (bought, more):
            shop.node.pay(quote.bolt11_invoice)
        async with asyncio.timeout(10):
            while (await client.top_up_state(more.bolt11_invoice)).status != "paid":  # noqa: ASYNC110 - what a buyer can do
                await asyncio.sleep(0.01)

        account = await client.account()
        assert (account.credits, account.next_page) == (65, None)
        assert [move.ms for move in account.ledger] == [5000, 60_000]
        first = await client.account("/account?limit=1")
        assert first.next_page is not None
        assert [move.ms for move in (await client.account(first.next_page)).ledger] == [60_000]


async def test_a_program_that_runs_out_of_video_time_buys_what_is_missing_and_goes_on(shop, client, worker):
    quote = await client.top_up(1)
    shop.node.pay(quote.bolt11_invoice)
    async with Client(shop.url, api_key=quote.api_key) as holder:
        await credited(holder, 1000)
        with pytest.raises(InsufficientCredits) as refused:
            await holder.inference("Hello there.", **CHOICE)
        more = await holder.top_up(refused.value.missing_s + 5)
        shop.node.pay(more.bolt11_invoice)
        await credited(holder, 6000 + refused.value.missing_s * 1000)

        key = str(uuid.uuid4())
        made = await holder.inference("Hello there.", key=key, **CHOICE)
        stream = holder.inference_stream("Hello there.", key=key, **CHOICE)

        assert b"".join([chunk async for chunk in stream]) == worker.video
        assert (made.status, made.credits_consumed) == ("success", 2)
        assert (await holder.account()).used_ms == 1920
        later = await holder.inference("Hello.", delayed=True, **CHOICE)
        assert (later.status, later.video_duration_seconds) == ("delayed", None)


async def test_the_holder_of_a_key_has_commands_for_it(shop, worker, tmp_path):
    bought = await run("top-up", "60", "--url", shop.url)
    invoice, variable = bought[0].split()[-1], bought[1]
    shop.node.pay(invoice)
    options = ("--url", shop.url, "--api-key", variable.partition("=")[2])
    async with Client(shop.url, api_key=options[-1]) as holder:
        await credited(holder, 60_000)

    await run("inference", "Hello there.", "--out", str(tmp_path / "video.mp4"), *options)
    [later] = await run("inference", "Hello.", "--delayed", *options)
    balance, *moves = await run("account", *options)

    assert (tmp_path / "video.mp4").read_bytes() == worker.video
    assert later.startswith("delayed, 0 s used: http://")
    assert balance == "free 58.080 s, reserved 0.000 s, used 1.920 s"
    assert [move.split()[1] for move in moves] == ["release", "settle", "reserve", "top-up"]


async def credited(holder, granted_ms):
    """Wait until so much came in."""
    async with asyncio.timeout(10):
        while (await holder.account()).granted_ms < granted_ms:  # noqa: ASYNC110 - what a buyer can do
            await asyncio.sleep(0.01)


async def run(*arguments):
    """Run a command; the lines that it prints."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "satspeak", *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await program.communicate()
    assert program.returncode == 0
    return printed.decode().splitlines()
