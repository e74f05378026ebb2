"""What a quote says, binds and refuses."""

import hashlib
import sqlite3

import bolt11
import pytest

TEXT = "Welcome! This is a demonstration of our text-to-speech technology."


async def test_a_text_gets_an_invoice_over_exactly_its_price(shop):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": TEXT})

    quote = answer.json()
    assert answer.status_code == 200
    assert list(quote) == [
        "duration", "bolt11_invoice", "amount", "amount_usd",  # the source API's, in its order
        "expires_at", "refund_token", "lightning_uri", "bip21_uri", "lnurl",
        "claim_token", "webhook_secret", "language",
    ]  # fmt: skip
    invoice = bolt11.decode(quote["bolt11_invoice"])
    assert quote["amount"] * 1000 == invoice.amount_msat
    assert quote["amount_usd"] == pytest.approx(quote["duration"] * 0.01, abs=0.001)
    assert quote["amount"] == -(-quote["amount_usd"] * 100_000_000 // 65000)
    assert "text-to-speech" not in str(invoice.description)


async def test_recorded_speech_is_priced_by_its_samples(shop, make_wav):
    answer = await shop.http.post("/lightning/request-video/audio", files={"audio": ("a.wav", make_wav(8.2))})

    quote = answer.json()
    assert (answer.status_code, quote["duration"], quote["amount_usd"]) == (200, 8.2, 0.082)
    assert quote["amount"] == -(-82_000 * 100_000_000 // 65_000_000_000)


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

    told = {name: quote[name] for name in ("duration", "amount", "amount_usd", "language")}
    assert {**told, "canvas_price": 1} == estimate
    assert estimate["language"] == "en"


async def test_a_text_in_letters_that_no_voice_reads_is_refused_and_told_what_is_spoken(shop):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "שלום"})

    assert answer.status_code == 400
    assert "Hebrew letters" in answer.json()["detail"]
    assert "English (en), Spanish (es)" in answer.json()["detail"]


async def test_what_the_quote_names_binds_the_delivery(shop, worker):
    invoice = await shop.paid(avatar="arab_man", language="de")

    refused = await shop.video(invoice, avatar="arab_woman")
    assert refused.status_code == 400
    assert "quoted with avatar 'arab_man', not 'arab_woman'" in refused.json()["detail"]

    refused = await shop.video(invoice, avatar="arab_man", language="en")
    assert refused.status_code == 400

    answer = await shop.http.post(
        "/lightning/generate-video", json={"bolt11_invoice": invoice, "emotion": "serious"}
    )
    assert answer.status_code == 200
    [request] = worker.requests
    assert (request["avatar"], request["emotion"], request["language"]) == ("arab_man", "serious", "de")


async def test_a_video_that_is_made_cannot_be_had_with_another_choice(shop, worker):
    invoice = await shop.paid()
    await shop.video(invoice, emotion="happy")

    answer = await shop.video(invoice, emotion="serious")

    assert answer.status_code == 409
    assert "emotion 'happy'" in answer.json()["detail"]
    assert (
        await shop.video(invoice, emotion="happy", language="en")
    ).status_code == 200  # as it was detected
    assert (await shop.video(invoice, emotion="happy", language="es")).status_code == 409


async def test_an_attempt_that_failed_fixes_no_choice(shop, worker):
    invoice = await shop.paid()
    worker.fail_after = 0
    assert (await shop.video(invoice, emotion="happy")).status_code == 503
    worker.fail_after = None

    answer = await shop.video(invoice, emotion="serious")

    assert worker.video == answer.content
    assert worker.requests[-1]["emotion"] == "serious"


async def test_another_choice_while_a_render_runs_is_refused_at_once(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 1
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as answer:
        await anext(answer.aiter_raw())

        assert (await shop.video(invoice, avatar="arab_man")).status_code == 409
        worker.go.set()


async def test_a_voice_brings_its_language_and_must_be_the_workers(shop, worker):
    refused = await shop.http.post("/lightning/request-video/text", json={"text": TEXT, "voice": "bob"})
    assert refused.status_code == 400
    assert "Valid values: anna" in refused.json()["detail"]
    refused = await shop.http.post(
        "/lightning/request-video/text", json={"text": TEXT, "voice": "anna", "language": "en"}
    )
    assert refused.status_code == 400

    invoice = await shop.paid(voice="anna")
    await shop.video(invoice)

    assert (worker.requests[0]["voice"], worker.requests[0]["language"]) == ("anna", "de")


async def test_recorded_speech_is_rendered_from_its_samples(shop, worker, make_wav):
    upload = make_wav(0.5)
    answer = await shop.http.post("/lightning/request-video/audio", files={"audio": ("a.wav", upload)})
    invoice = answer.json()["bolt11_invoice"]
    shop.node.pay(invoice)

    answer = await shop.video(invoice, language="en")

    assert worker.video == answer.content
    assert (worker.requests[0]["text"], worker.requests[0]["sample_rate"]) == (None, 16000)
    assert [upload[44:]] == worker.pcm
    uploads = shop.folder / "objects" / "uploads"
    assert [upload[44:]] == [file.read_bytes() for file in uploads.iterdir()]  # should the video be lost


async def test_an_audio_quote_binds_what_its_form_names(shop, worker, make_wav):
    answer = await shop.http.post(
        "/lightning/request-video/audio", files={"audio": ("a", make_wav(0.5))}, data={"avatar": "arab_man"}
    )
    invoice = answer.json()["bolt11_invoice"]
    shop.node.pay(invoice)

    assert (await shop.video(invoice, avatar="arab_woman")).status_code == 400


async def test_a_node_that_is_away_is_a_503_and_keeps_nothing(shop, make_wav):
    shop.node.go_down()

    for answer in (
        await shop.http.post("/lightning/request-video/text", json={"text": TEXT}),
        await shop.http.post("/lightning/request-video/audio", files={"audio": ("a.wav", make_wav(0.5))}),
    ):
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
    assert not list((shop.folder / "objects" / "uploads").glob("*"))


async def test_a_text_whose_slowest_reading_is_too_long_is_refused(closed_shop):
    async with closed_shop.open(max_video_s=5) as shop:
        answer = await shop.http.post("/lightning/request-video/text", json={"text": "words " * 40})

    assert answer.status_code == 400
    assert "at most 5 s" in answer.json()["detail"]
