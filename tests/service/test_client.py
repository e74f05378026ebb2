"""`satspeak.client` buys of a real service: whatever the API sells, it can open and give back."""

import asyncio
import sys
import uuid
from typing import Any

import pytest

from lightning import Msat
from satspeak.client import (
    Client,
    InsufficientCredits,
    InvalidApiKey,
    InvalidRequest,
    InvoiceNotFound,
    InvoiceNotPaid,
    ServiceRefused,
    StreamBroken,
    SyncClient,
    TryLater,
    Unreachable,
)
from satspeak.payers import Bill, Receipt, TooExpensive
from tests.line import Line

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
        with pytest.raises(InvalidApiKey) as refused:
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


class Purse:
    """A wallet that pays in the shop's own loop, from whatever loop it is asked."""

    name = "a purse"
    bounds_fees = True

    def __init__(self, shop) -> None:
        self._shop = shop
        self._loop = asyncio.get_running_loop()
        self.bills: list[Bill] = []

    async def pay(self, bill: Bill) -> Receipt:
        async def pay() -> bytes:
            return self._shop.node.pay(bill.invoice)

        self.bills.append(bill)
        preimage = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(pay(), self._loop))
        return Receipt(preimage=preimage, amount_msat=bill.amount_msat, fee_msat=0)

    async def aclose(self) -> None: ...


async def test_the_client_that_keeps_its_thread_buys_alike(shop, worker, tmp_path):
    purse, video = Purse(shop), tmp_path / "video.mp4"

    def buy() -> list[str]:
        with SyncClient(shop.url) as client:
            quote = client.quote_text("Hello there.", language="en", **CHOICE)
            client.pay(quote, lambda: purse, max_sats=quote.amount)
            client.download(quote.bolt11_invoice, video)
            return [payment.status for payment in client.follow(quote.bolt11_invoice)]

    told = await asyncio.to_thread(buy)

    assert video.read_bytes() == worker.video
    assert told[-1] == "paid"


async def test_a_wallet_pays_the_price_or_nothing(shop, client):
    purse = Purse(shop)
    quote = await client.quote_text("Hello there.", **CHOICE)

    with pytest.raises(TooExpensive):
        await client.pay(quote, lambda: purse, max_sats=quote.amount - 1)
    assert not purse.bills
    receipt = await client.pay(quote, lambda: purse)

    assert receipt.amount_msat == quote.amount * 1000


async def test_an_order_is_followed_from_its_quote_to_its_end(shop, client, worker):
    quote = await client.quote_text("Hello there.", language="en", **CHOICE)
    seen = []
    async for payment in client.follow(quote.bolt11_invoice):
        seen.append((payment.status, payment.video.state))
        if len(seen) == 1:
            shop.node.pay(quote.bolt11_invoice)
            watching = asyncio.create_task(watch(client, quote.bolt11_invoice))

    assert (seen[0], seen[-1]) == (("pending", "none"), ("paid", "ready"))
    assert await watching == worker.video


@pytest.fixture
async def line(shop):
    """The line of a patient client to the shop."""
    line = Line(shop.url.removeprefix("http://"))
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture
async def patient(line):
    async with Client(f"http://{line.near_end}", patience_s=30) as client:
        yield client


async def test_a_request_is_sent_again_once_the_line_is_back_and_is_one_quote(shop, line, patient):
    await line.cut()
    asking = asyncio.create_task(patient.quote_text("Hello there."))
    with pytest.raises(Unreachable):
        async with Client(f"http://{line.near_end}") as hasty:
            await hasty.quote_text("Hello there.")

    await line.restore()

    assert (await asking).amount > 0


async def paid(shop, client):
    quote = await client.quote_text("Hello there.", language="en", **CHOICE)
    shop.node.pay(quote.bolt11_invoice)
    return quote.bolt11_invoice


async def test_a_download_that_breaks_while_it_is_rendered_comes_to_its_end(
    shop, client, line, patient, worker, tmp_path
):
    worker.hold_after = 2
    invoice, video, some = await paid(shop, client), tmp_path / "video.mp4", asyncio.Event()
    downloading = asyncio.create_task(
        patient.download(invoice, video, on_progress=lambda _written: some.set())
    )
    await some.wait()

    await line.cut()
    worker.go.set()
    await line.restore()
    await downloading

    assert video.read_bytes() == worker.video
    assert not (tmp_path / "video.mp4.part").exists()


@pytest.mark.parametrize("left", [1, 0.5], ids=["all", "half"])
async def test_a_download_goes_on_with_what_an_earlier_one_left(shop, client, worker, tmp_path, left):
    invoice = await paid(shop, client)
    whole = await watch(client, invoice)
    video = tmp_path / "video.mp4"
    written: list[int] = []
    part = tmp_path / "video.mp4.part"
    part.write_bytes(whole[: int(len(whole) * left)])
    had = part.stat().st_size

    await client.download(invoice, video, on_progress=written.append)

    assert video.read_bytes() == worker.video
    assert all(size > had for size in written)
    assert bool(written) == (left != 1)


async def test_a_download_that_nobody_has_patience_for_leaves_what_it_has(
    shop, client, line, worker, tmp_path
):
    worker.hold_after = 2
    invoice, video, some = await paid(shop, client), tmp_path / "video.mp4", asyncio.Event()
    async with Client(f"http://{line.near_end}") as hasty:
        downloading = asyncio.create_task(
            hasty.download(invoice, video, on_progress=lambda _written: some.set())
        )
        await some.wait()
        await line.cut()
        with pytest.raises(StreamBroken):
            await downloading

    assert not video.exists()
    assert worker.video.startswith((tmp_path / "video.mp4.part").read_bytes())
    worker.go.set()
    await client.download(invoice, video)
    assert video.read_bytes() == worker.video


async def test_what_is_wrong_has_a_type_of_its_own(shop, client):
    with pytest.raises(InvalidRequest) as invalid:
        await client.quote_text("Hello there.", avatar="nobody")
    with pytest.raises(InvoiceNotFound):
        await client.payment("lnbc1nobody")
    quote = await client.quote_text("Hello there.", **CHOICE)
    with pytest.raises(InvoiceNotPaid):
        await client.captions(quote.bolt11_invoice)

    assert invalid.value.problem.field == "avatar"


async def test_what_can_be_chosen_is_listed(client):
    catalogue, voices = await client.avatars(), await client.voices()

    assert "arab_woman" in [avatar.name for avatar in catalogue.avatars]
    assert ("en", "English") in [(language.code, language.name) for language in catalogue.languages]
    assert [voice.name for voice in voices] == ["anna"]


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
