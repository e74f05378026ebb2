"""What a quote says, binds and refuses."""

import hashlib
import sqlite3

import bolt11
import pytest

TEXT = "Welcome! This is a demonstration of our text-to-speech technology."


async def test_a_text_gets_an_invoice_over_exactly_its_price(shop):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": TEXT})

    quote = answer.json()
    assert 200 == answer.status_code
    assert {"duration", "bolt11_invoice", "amount", "amount_usd", "expires_at", "refund_token"} == set(quote)
    invoice = bolt11.decode(quote["bolt11_invoice"])
    assert quote["amount"] * 1000 == invoice.amount_msat
    assert quote["amount_usd"] == pytest.approx(quote["duration"] * 0.01, abs=0.001)
    assert quote["amount"] == -(-quote["amount_usd"] * 100_000_000 // 65000)
    assert "text-to-speech" not in invoice.description


async def test_recorded_speech_is_priced_by_its_samples(shop, make_wav):
    answer = await shop.http.post("/lightning/request-video/audio", files={"audio": ("a.wav", make_wav(8.2))})

    quote = answer.json()
    assert (200, 8.2, 0.082) == (answer.status_code, quote["duration"], quote["amount_usd"])
    assert -(-82_000 * 100_000_000 // 65_000_000_000) == quote["amount"]


async def test_the_refund_token_is_kept_as_a_hash_only(shop):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": TEXT})

    with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
        [row] = database.execute("select * from orders").fetchall()
    token = answer.json()["refund_token"]
    assert hashlib.sha256(token.encode()).digest() in row
    assert token not in row


async def test_an_estimate_is_the_quote_without_an_invoice(shop):
    estimate = (await shop.http.post("/lightning/estimate", json={"text": TEXT})).json()
    quote = (await shop.http.post("/lightning/request-video/text", json={"text": TEXT})).json()

    assert {name: quote[name] for name in ("duration", "amount", "amount_usd")} == estimate


async def test_what_the_quote_names_binds_the_delivery(shop, worker):
    invoice = await shop.paid(avatar="arab_man", language="de")

    refused = await shop.video(invoice, avatar="arab_woman")
    assert 400 == refused.status_code
    assert "quoted with avatar 'arab_man', not 'arab_woman'" in refused.json()["detail"]

    refused = await shop.video(invoice, avatar="arab_man", language="en")
    assert 400 == refused.status_code

    answer = await shop.http.post(
        "/lightning/generate-video", json={"bolt11_invoice": invoice, "emotion": "serious"}
    )
    assert 200 == answer.status_code
    [request] = worker.requests
    assert ("arab_man", "serious", "de") == (request["avatar"], request["emotion"], request["language"])


async def test_a_video_that_is_made_cannot_be_had_with_another_choice(shop, worker):
    invoice = await shop.paid()
    await shop.video(invoice, emotion="happy")

    answer = await shop.video(invoice, emotion="serious")

    assert 409 == answer.status_code
    assert "emotion 'happy'" in answer.json()["detail"]
    assert 200 == (await shop.video(invoice, emotion="happy", language="en")).status_code  # as it was detected
    assert 409 == (await shop.video(invoice, emotion="happy", language="es")).status_code


async def test_an_attempt_that_failed_fixes_no_choice(shop, worker):
    invoice = await shop.paid()
    worker.fail_after = 0
    assert 503 == (await shop.video(invoice, emotion="happy")).status_code
    worker.fail_after = None

    answer = await shop.video(invoice, emotion="serious")

    assert worker.video == answer.content
    assert "serious" == worker.requests[-1]["emotion"]


async def test_another_choice_while_a_render_runs_is_refused_at_once(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 1
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as answer:
        await anext(answer.aiter_raw())

        assert 409 == (await shop.video(invoice, avatar="arab_man")).status_code
        worker.go.set()


async def test_a_voice_brings_its_language_and_must_be_the_workers(shop, worker):
    refused = await shop.http.post("/lightning/request-video/text", json={"text": TEXT, "voice": "bob"})
    assert 400 == refused.status_code
    assert "Valid values: anna" in refused.json()["detail"]
    refused = await shop.http.post(
        "/lightning/request-video/text", json={"text": TEXT, "voice": "anna", "language": "en"}
    )
    assert 400 == refused.status_code

    invoice = await shop.paid(voice="anna")
    await shop.video(invoice)

    assert ("anna", "de") == (worker.requests[0]["voice"], worker.requests[0]["language"])


async def test_recorded_speech_is_rendered_from_its_samples(shop, worker, make_wav):
    upload = make_wav(0.5)
    answer = await shop.http.post("/lightning/request-video/audio", files={"audio": ("a.wav", upload)})
    invoice = answer.json()["bolt11_invoice"]
    shop.node.pay(invoice)

    answer = await shop.video(invoice, language="en")

    assert worker.video == answer.content
    assert (None, 16000) == (worker.requests[0]["text"], worker.requests[0]["sample_rate"])
    assert [upload[44:]] == worker.pcm
    uploads = shop.folder / "objects" / "uploads"
    await shop.eventually(lambda: not list(uploads.iterdir()))  # the whole video needs it no more


async def test_an_audio_quote_binds_what_its_form_names(shop, worker, make_wav):
    answer = await shop.http.post(
        "/lightning/request-video/audio", files={"audio": ("a", make_wav(0.5))}, data={"avatar": "arab_man"}
    )
    invoice = answer.json()["bolt11_invoice"]
    shop.node.pay(invoice)

    assert 400 == (await shop.video(invoice, avatar="arab_woman")).status_code


async def test_a_node_that_is_away_is_a_503_and_keeps_nothing(shop, make_wav):
    shop.node.go_down()

    for answer in (
        await shop.http.post("/lightning/request-video/text", json={"text": TEXT}),
        await shop.http.post("/lightning/request-video/audio", files={"audio": ("a.wav", make_wav(0.5))}),
    ):
        assert 503 == answer.status_code
        assert int(answer.headers["Retry-After"]) > 0
    assert not list((shop.folder / "objects" / "uploads").glob("*"))


async def test_a_text_whose_slowest_reading_is_too_long_is_refused(closed_shop):
    async with closed_shop.open(max_video_s=5) as shop:
        answer = await shop.http.post("/lightning/request-video/text", json={"text": "words " * 40})

    assert 400 == answer.status_code
    assert "at most 5 s" in answer.json()["detail"]
