"""Bodies that cannot work: what is said of each. Never a 5xx, never a stack trace."""

import asyncio
from urllib.parse import urlsplit

import pytest

QUOTE = "/lightning/request-video/text"
UPLOAD = "/lightning/request-video/audio"
DELIVERY = "/lightning/generate-video"

INVALID = [
    (QUOTE, b"", "The body is empty"),
    (QUOTE, b"{", "not valid JSON"),
    (QUOTE, b"\xff\xfe", "not valid JSON"),
    (QUOTE, b'{"text": "\\ud800"}', "not valid JSON"),
    (QUOTE, b"[" * 20_000, "not valid JSON"),
    (QUOTE, b"[]", "must be a JSON object"),
    (QUOTE, b'"text"', "must be a JSON object"),
    (QUOTE, b"{}", "Field 'text' is missing."),
    (QUOTE, b'{"text": 5}', "Expected 'str', got 'int'"),
    (QUOTE, b'{"text": null}', "Expected 'str', got 'null'"),
    (QUOTE, b'{"text": " \\n\\t "}', "Field 'text' is empty"),
    (QUOTE, b'{"text": "a\\u0000b"}', "Field 'text' has a character of code 0"),
    (QUOTE, b'{"text": "... !?"}', "nothing that our voices can speak"),
    (QUOTE, '{"text": "𓀀𓀁"}'.encode(), "mostly in Egyptian letters"),
    (QUOTE, b'{"text": "' + b"a" * 5001 + b'"}', "5,001 characters; at most 5,000"),
    (QUOTE, b'{"text": "hi", "avatr": "arab_man"}', "Unknown field 'avatr'. Known are 'text', 'avatar'"),
    (QUOTE, b'{"text": "hi", "avatar": "bob"}', "Unknown avatar 'bob'. Valid values: japanese_man"),
    (QUOTE, b'{"text": "hi", "avatar": ["arab_man"]}', "Expected 'str"),
    (QUOTE, b'{"text": "hi", "language": "xx"}', "Unknown language 'xx'. Valid values: en, es"),
    (QUOTE, b'{"text": "hi", "emotion": "angry"}', "Unknown emotion 'angry'. Valid values: happy"),
    (DELIVERY, b'{"avatar": "arab_man", "emotion": "happy"}', "Field 'bolt11_invoice' is missing."),
    (DELIVERY, b'{"bolt11_invoice": "ln\\u0000"}', "Field 'bolt11_invoice' has a character of code 0"),
    (
        DELIVERY,
        b'{"bolt11_invoice": 1, "avatar": "arab_man", "emotion": "happy"}',
        "Expected 'str', got 'int'",
    ),
]


@pytest.mark.parametrize(("path", "body", "said"), INVALID)
async def test_a_body_that_cannot_work_is_a_400_that_says_what_to_do(standing_shop, path, body, said):
    answer = await standing_shop.http.post(path, content=body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    assert answer.json()["status"] == 400


@pytest.mark.parametrize("field", ["avatar", "emotion"])
async def test_a_delivery_must_name_what_the_quote_did_not(standing_shop, field):
    invoice = await standing_shop.paid()
    order = standing_shop.order(invoice)
    del order[field]

    answer = await standing_shop.http.post(DELIVERY, json=order)

    assert (answer.status_code, f"'{field}' is missing" in answer.json()["detail"]) == (400, True)


async def test_a_delivery_with_an_unknown_value_is_refused_before_it_waits_for_payment(standing_shop):
    invoice = await standing_shop.quote()

    answer = await standing_shop.video(invoice, avatar="bob")

    assert answer.status_code == 400
    assert "Valid values" in answer.json()["detail"]


async def test_null_and_empty_options_choose_nothing(standing_shop):
    body = {"text": "hello", "avatar": None, "emotion": "", "language": None}

    assert (await standing_shop.http.post(QUOTE, json=body)).status_code == 200


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=X"}
HEAD = b'--X\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'

INVALID_FORMS = [
    ({}, b"{}", "Audio file is required"),
    ({"Content-Type": "audio/wav"}, b"RIFF", "Audio file is required"),
    ({"Content-Type": "multipart/form-data"}, b"", "Audio file is required"),
    (BOUNDARY, b"--X--\r\n", "Audio file is required"),
    (
        BOUNDARY,
        b'--X\r\nContent-Disposition: form-data; name="audio"\r\n\r\nx\r\n--X--\r\n',
        "Audio file is required",
    ),
    (BOUNDARY, b"", "The form is broken"),
    (BOUNDARY, b"rubbish", "The form is broken"),
    (BOUNDARY, HEAD + b"RIFF", "The form is broken"),
    (BOUNDARY, HEAD + b"RIFF\r\n--X--\r\n", "Invalid WAV file: too small"),
    (BOUNDARY, HEAD + b"\r\n--X--\r\n", "Invalid WAV file: too small"),
    (
        BOUNDARY,
        HEAD + b"ID3" * 50 + b"\r\n--X--\r\n",
        "Only WAV files are supported. Please upload a .wav file.",
    ),
    (BOUNDARY, HEAD + b"a\r\n" + HEAD + b"b\r\n--X--\r\n", "Only one audio file"),
    (
        BOUNDARY,
        b'--X\r\nContent-Disposition: form-data; name="b"\r\n\r\n' + b"b" * 2000 + b"\r\n--X--\r\n",
        "too long",
    ),
    (
        BOUNDARY,
        b'--X\r\nContent-Disposition: form-data; name="b"\r\n\r\n\xff\r\n' + HEAD + b"a\r\n--X--\r\n",
        "broken",
    ),
    (
        BOUNDARY,
        b'--X\r\nContent-Disposition: form-data; name="b"\r\n\r\nb\r\n' + HEAD + b"a\r\n--X--\r\n",
        "Unknown field",
    ),
]


@pytest.mark.parametrize(("headers", "body", "said"), INVALID_FORMS)
async def test_a_form_that_cannot_work_is_a_400_that_says_what_to_do(standing_shop, headers, body, said):
    answer = await standing_shop.http.post(UPLOAD, content=body, headers=headers)

    assert answer.status_code == 400, answer.text
    assert said in answer.json()["detail"]
    assert not list((standing_shop.folder / "incoming").iterdir())


@pytest.mark.parametrize("name", ["file", "data", "recording"])
async def test_the_only_file_of_a_form_is_the_audio_whatever_its_name(standing_shop, make_wav, name):
    answer = await standing_shop.http.post(UPLOAD, files={name: ("a.wav", make_wav(1))})

    assert (answer.status_code, answer.json().get("duration")) == (200, 1.0), answer.text


async def test_of_two_files_nobody_knows_which_is_the_audio(standing_shop, make_wav):
    files = {"audio": ("a.wav", make_wav(1)), "file": ("b.wav", make_wav(2))}

    answer = await standing_shop.http.post(UPLOAD, files=files)

    assert (answer.status_code, answer.json()["detail"]) == (400, "Only one audio file is taken.")


async def test_audio_at_another_rate_is_refused_with_what_to_do(standing_shop, make_wav):
    answer = await standing_shop.http.post(
        UPLOAD, files={"audio": ("a.wav", make_wav(1, rate=44100, channels=2))}
    )

    assert answer.status_code == 400
    assert "16 kHz" in answer.json()["detail"]


async def test_a_body_beyond_the_limit_is_a_413(standing_shop):
    answer = await standing_shop.http.post(QUOTE, content=b" " * 200_000)

    assert answer.status_code == 413
    assert "too large" in answer.json()["detail"]


async def test_a_body_of_unknown_length_is_a_413_as_soon_as_it_is_beyond_the_limit(standing_shop):
    address = urlsplit(standing_shop.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"POST {QUOTE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    for _ in range(10):
        writer.write(b"2710\r\n" + b" " * 10_000 + b"\r\n")

    async with asyncio.timeout(5):
        status = await reader.readline()  # though the body has no end yet

    assert status.startswith(b"HTTP/1.1 413")
    writer.close()


async def test_an_upload_beyond_the_limit_is_a_413_and_leaves_nothing(closed_shop, run_curl, make_wav):
    async with closed_shop.open(max_video_s=1) as shop:
        wav = shop.folder / "long.wav"
        wav.write_bytes(make_wav(60))

        for framing in ("Expect: 100-continue", "Transfer-Encoding: chunked"):
            answer = await run_curl(
                "-F", f"audio=@{wav}", "-H", framing, "-w", "%{http_code}", shop.url + UPLOAD
            )

            assert answer.received.endswith(b"413"), answer
            assert b"too large" in answer.received
        assert not list((shop.folder / "incoming").iterdir())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", QUOTE, 405),
        ("DELETE", "/avatars", 405),
        ("GET", "/lightning/payment/", 404),
    ],
)
async def test_what_is_not_there_is_a_problem_document_too(standing_shop, method, path, status):
    answer = await standing_shop.http.request(method, path)

    assert status == answer.status_code
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} == set(answer.json())
