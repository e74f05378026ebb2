"""The whole story on real parts: two Lightning nodes, the service, the worker, and curl as the customer."""

import asyncio
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from lightning.invoice import Msat
from lightning.lnd import LndBackend
from regtest.errors import PaymentFailed
from regtest.process import until
from satspeak.client import Client, ServiceRefused
from satspeak.contact_sheet import examine

pytestmark = pytest.mark.regtest

SHORT = "Hello, this was paid with Lightning."
LONG = (
    "The first train of the morning leaves at six. It crosses the river, the old market and the long bridge "
    "before the sun is up. Most people sleep until the last stop; a few look out of the window and count the "
    "boats. At half past seven the doors open, and the quiet carriage turns into a crowd that walks to work."
)
CHOICE = {"avatar": "european_woman", "emotion": "happy"}


async def collect(client: Client, invoice: str) -> bytes:
    return b"".join([chunk async for chunk in client.video(invoice, **CHOICE)])


async def curl_video(shop, invoice: str, file: Path) -> asyncio.subprocess.Process:
    body = f'{{"bolt11_invoice": "{invoice}", "avatar": "european_woman", "emotion": "happy"}}'
    return await asyncio.create_subprocess_exec(
        *("curl", "-sS", "--fail", f"{shop.url}/lightning/generate-video", "--output", str(file)),
        *("-H", "Content-Type: application/json", "-d", body),
        stderr=asyncio.subprocess.PIPE,
    )


def whole(video: bytes, tmp_path: Path, *, seconds: float, tolerance: float = 0.35):
    """Assert that a video plays to its end and is about as long as it was sold."""
    file = tmp_path / "video.mp4"
    file.write_bytes(video)
    facts = examine(file)
    assert (facts.video_codec, facts.audio_codec, facts.fps) == ("h264", "aac", 25)
    assert facts.audio_s == pytest.approx(facts.video_s, rel=0.05, abs=0.1)
    assert facts.video_s == pytest.approx(seconds, rel=tolerance, abs=0.5)
    return facts


async def test_a_text_is_quoted_paid_by_another_node_and_streamed(shop, client, payer, tmp_path):
    quote = await client.quote_text(SHORT)
    pending = await client.payment(quote.bolt11_invoice)

    payment = await payer.pay(quote.bolt11_invoice)
    video = await collect(client, quote.bolt11_invoice)

    paid = await client.payment(quote.bolt11_invoice)
    assert (pending.status, pending.paid_at) == ("pending", None)
    assert payment.amount_msat == quote.amount * 1000
    assert paid.status == "paid"
    assert paid.paid_at is not None
    assert paid.amount_sat == quote.amount
    facts = whole(video, tmp_path, seconds=quote.duration)
    assert (paid.video.state, paid.video.frames) == ("ready", facts.frames)


async def test_a_wav_is_priced_by_its_exact_length_and_spoken_by_the_avatar(client, payer, tmp_path):
    wav = tmp_path / "speech.wav"
    wav.write_bytes(hum(seconds=1.5))

    quote = await client.quote_audio(wav)
    await payer.pay(quote.bolt11_invoice)
    video = await collect(client, quote.bolt11_invoice)

    assert quote.duration == 1.5
    whole(video, tmp_path, seconds=1.5, tolerance=0.05)


def hum(*, seconds: float) -> bytes:
    """Make a 16 kHz mono 16-bit WAV of a tone that swells."""
    at = np.arange(int(seconds * 16_000)) / 16_000
    pcm = 8_000 * np.sin(2 * np.pi * 140 * at) * np.abs(np.sin(2 * np.pi * 2 * at))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()


async def test_a_buyer_who_asks_first_gets_the_video_when_the_payment_comes(client, payer):
    quote = await client.quote_text(SHORT)
    asking = asyncio.create_task(collect(client, quote.bolt11_invoice))

    await payer.pay(quote.bolt11_invoice)

    assert b"ftyp" in (await asking)[:12]


async def test_an_unpaid_invoice_gets_no_video(open_shop, worker):
    shop = await open_shop(worker, payment_wait_s="1")

    async with Client(shop.url) as client:
        quote = await client.quote_text(SHORT)
        with pytest.raises(ServiceRefused) as refused:
            await collect(client, quote.bolt11_invoice)

    assert (refused.value.status, refused.value.detail) == (400, "Invoice not paid in time.")


async def test_an_invoice_that_another_program_made_on_our_node_is_unknown(client, merchant):
    foreign = await invoice_of_another_program(merchant)

    with pytest.raises(ServiceRefused) as unknown_order:
        await collect(client, foreign)
    with pytest.raises(ServiceRefused) as unknown_payment:
        await client.payment(foreign)

    assert unknown_order.value.status == 404
    assert unknown_order.value.detail.startswith("Invoice lnbcrt")
    assert unknown_order.value.detail.endswith("not found.")
    assert (unknown_payment.value.status, unknown_payment.value.detail) == (404, "Payment not found")


async def invoice_of_another_program(node) -> str:
    backend = LndBackend(node.address, node.tls_cert_path.read_bytes(), node.macaroon_path.read_bytes())
    invoice = await backend.add_invoice(amount=Msat(1_000), memo="not a video", expiry_s=60)
    await backend.aclose()
    return invoice.bolt11


async def test_a_quote_expires_and_can_no_longer_be_paid(open_shop, worker, payer):
    shop = await open_shop(worker, quote_expiry_s="1", sweep_s="0.2", payment_wait_s="1")

    async with Client(shop.url) as client:
        quote = await client.quote_text(SHORT)

        async def expired() -> bool:
            return (await client.payment(quote.bolt11_invoice)).status == "expired"

        await until("the quote to expire", expired, timeout_s=20)
        with pytest.raises(PaymentFailed):
            await payer.pay(quote.bolt11_invoice)
        with pytest.raises(ServiceRefused) as refused:
            await collect(client, quote.bolt11_invoice)

    assert refused.value.status == 400


async def test_an_invoice_is_paid_only_once(client, payer):
    quote = await client.quote_text(SHORT)
    await payer.pay(quote.bolt11_invoice)
    before = await payer.channel_balance()

    with pytest.raises(PaymentFailed):
        await payer.pay(quote.bolt11_invoice)

    assert (await payer.channel_balance()).local_msat == before.local_msat


async def test_two_who_ask_at_once_share_one_render(client, worker, payer, tmp_path):
    quote = await client.quote_text(SHORT)
    await payer.pay(quote.bolt11_invoice)
    rendered_before = await worker.frames_rendered()

    first, second = await asyncio.gather(
        collect(client, quote.bolt11_invoice), collect(client, quote.bolt11_invoice)
    )
    again = await collect(client, quote.bolt11_invoice)

    facts = whole(first, tmp_path, seconds=quote.duration)
    assert first == second
    assert await worker.frames_rendered() - rendered_before == facts.frames
    assert len(again) > 0
    assert whole(again, tmp_path, seconds=quote.duration) == facts


async def test_a_payment_made_while_the_service_is_away_is_seen_when_it_returns(open_shop, worker, payer):
    shop = await open_shop(worker)
    async with Client(shop.url) as client:
        quote = await client.quote_text(SHORT)
    await shop.program.kill()

    await payer.pay(quote.bolt11_invoice)
    await shop.start()

    async with Client(shop.url) as client:
        assert b"ftyp" in (await collect(client, quote.bolt11_invoice))[:12]
        assert (await client.payment(quote.bolt11_invoice)).status == "paid"


async def test_a_service_restarted_between_payment_and_delivery_delivers(open_shop, worker, payer, tmp_path):
    shop = await open_shop(worker)
    async with Client(shop.url) as client:
        quote = await client.quote_text(SHORT)
        await payer.pay(quote.bolt11_invoice)

        async def paid() -> bool:
            return (await client.payment(quote.bolt11_invoice)).status == "paid"

        await until("the payment to be known", paid, timeout_s=10)
    await shop.program.kill()
    await shop.start()

    async with Client(shop.url) as client:
        whole(await collect(client, quote.bolt11_invoice), tmp_path, seconds=quote.duration)


async def test_no_settlement_is_missed_when_the_node_restarts_under_the_subscription(client, merchant, payer):
    before, during = await client.quote_text(SHORT), await client.quote_text(SHORT)

    await merchant.stop()
    await merchant.start()
    await payer.pay(before.bolt11_invoice)
    await payer.pay(during.bolt11_invoice)

    for quote in (before, during):

        async def paid(invoice: str = quote.bolt11_invoice) -> bool:
            return (await client.payment(invoice)).status == "paid"

        await until("the settlement to arrive", paid, timeout_s=30)


async def test_a_quote_says_that_the_node_is_away(client, merchant):
    await merchant.stop()
    with pytest.raises(ServiceRefused) as refused:
        await client.quote_text(SHORT)
    await merchant.start()

    assert refused.value.status == 503


async def test_an_order_stays_paid_while_no_worker_runs_and_is_rendered_later(
    hire, open_shop, payer, tmp_path
):
    worker = hire()
    shop = await open_shop(worker)

    async with Client(shop.url) as client:
        quote = await client.quote_text(SHORT)
        await payer.pay(quote.bolt11_invoice)
        with pytest.raises(ServiceRefused) as refused:
            await collect(client, quote.bolt11_invoice)
        meanwhile = await client.payment(quote.bolt11_invoice)
        await worker.start()
        video = await collect(client, quote.bolt11_invoice)

    assert refused.value.status == 503
    assert meanwhile.status == "paid"
    whole(video, tmp_path, seconds=quote.duration)


async def test_a_worker_killed_mid_stream_fails_the_download_and_the_next_one_completes(
    hire, open_shop, payer, tmp_path
):
    worker = hire()
    await worker.start()
    shop = await open_shop(worker)
    broken, complete = tmp_path / "broken.mp4", tmp_path / "complete.mp4"
    async with Client(shop.url) as client:
        quote = await client.quote_text(LONG)
        await payer.pay(quote.bolt11_invoice)

    download = await curl_video(shop, quote.bolt11_invoice, broken)

    async def begun() -> bool:
        return broken.exists() and broken.stat().st_size > 0

    await until("the first bytes", begun, timeout_s=60)
    await worker.program.kill()
    assert await download.wait() != 0
    await worker.start()
    assert await (await curl_video(shop, quote.bolt11_invoice, complete)).wait() == 0

    facts = whole(complete.read_bytes(), tmp_path, seconds=quote.duration)
    assert await worker.frames_rendered() < facts.frames, "the second render went on where the first broke"
    assert complete.read_bytes().startswith(broken.read_bytes()), "what was delivered once stays as it was"
