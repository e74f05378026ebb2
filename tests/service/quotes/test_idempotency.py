"""A request for a quote that is sent again, with an Idempotency-Key."""

import asyncio
import uuid

import pytest
import sqlalchemy as sa

from service.assembly.stores import open_database
from service.storage.schema import metadata

TEXT = {"text": "Say this once, please."}


@pytest.fixture
def key():
    return str(uuid.uuid4())


async def ask(shop, key, **changes):
    return await shop.http.post(
        "/lightning/request-video/text", json={**TEXT, **changes}, headers={"Idempotency-Key": key}
    )


async def ask_audio(shop, key, wav, **options):
    return await shop.http.post(
        "/lightning/request-video/audio",
        files={"audio": ("a.wav", wav)},
        data=options,
        headers={"Idempotency-Key": key},
    )


async def rows(shop, table):
    async with open_database(shop.settings()) as database:
        return await database.read(
            lambda connection: connection.execute(sa.select(metadata.tables[table])).all()
        )


@pytest.mark.parametrize("private", [False, True])
async def test_the_same_request_gets_the_same_quote_with_the_same_tokens(shop, key, private):
    first = await ask(shop, key, private=private)
    again = await ask(shop, key, private=private)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert private is (first.json()["claim_token"] is not None)
    assert len(await rows(shop, "orders")) == 1


async def test_it_is_so_after_a_restart_and_a_payment(closed_shop, key):
    async with closed_shop.open() as shop:
        first = (await ask(shop, key)).json()
        shop.node.pay(first["bolt11_invoice"])
    async with closed_shop.open() as shop:
        assert first == (await ask(shop, key)).json()


async def test_requests_at_the_same_time_make_one_invoice(shop, key):
    answers = await asyncio.gather(*(ask(shop, key) for _ in range(20)))

    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.text for answer in answers}) == 1
    assert len(await rows(shop, "orders")) == 1
    assert len(shop.node._books.records) == 1


async def test_a_key_is_the_same_in_quotes_and_the_order_of_fields_does_not_matter(shop, key):
    first = await ask(shop, key, avatar="arab_man", emotion="happy")
    again = await ask(shop, f'"{key}"', emotion="happy", avatar="arab_man")

    assert first.json() == again.json()


async def test_another_request_with_the_same_key_is_refused(shop, key, make_wav):
    await ask(shop, key)

    for answer in (
        await ask(shop, key, text="Say something else."),
        await ask(shop, key, private=True),
        await ask_audio(shop, key, make_wav(0.5)),
    ):
        assert (
            answer.status_code, answer.json()["type"],
        ) == (422, "/docs/problems#idempotency-key-reused")  # fmt: skip


async def test_an_upload_is_told_from_another_by_its_samples(shop, key, make_wav):
    first = await ask_audio(shop, key, make_wav(0.5))
    again = await ask_audio(shop, key, make_wav(0.5))
    other = await ask_audio(shop, key, make_wav(0.6))

    assert first.json() == again.json()
    assert other.status_code == 422
    assert len(list((shop.folder / "objects" / "uploads").iterdir())) == 1


async def test_a_request_that_failed_can_be_sent_again(shop, key):
    shop.node.go_down()
    assert (await ask(shop, key)).status_code == 503

    shop.node.come_back()

    assert (await ask(shop, key)).status_code == 200


async def test_a_key_is_forgotten_with_its_quote(shop, key):
    first = (await ask(shop, key)).json()
    shop.clock.pass_by(seconds=901)

    other = (await ask(shop, key, text="Say something else.")).json()

    assert first["bolt11_invoice"] != other["bolt11_invoice"]
    assert len(await rows(shop, "idempotency_keys")) == 1


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "a-key-that-nobody-can-guess-0123456789",
        "8e03978e40d543ddbc936894a57f9324",
        "{8e03978e-40d5-43dd-bc93-6894a57f9324}",
        "8e03978e-40d5-43dd-bc93-6894a57f932",
        "8e03978e-40d5-43dd-bc93-6894a57f9324-",
        "8e03978e-40d5-43dd-bc93-6894a57f932g",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        '"8e03978e-40d5-43dd-bc93-6894a57f9324',
        "h\u00e4rtefall-0123456789",
        "x" * 5000,
    ],
)
async def test_a_key_that_is_no_uuid_of_ones_own_is_refused(standing_shop, key):
    answer = await standing_shop.http.post(
        "/lightning/request-video/text", json=TEXT, headers={"Idempotency-Key": key.encode()}
    )

    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]
    assert "UUID" in answer.json()["detail"]


async def test_a_key_is_one_in_every_form_of_its_uuid(shop, key):
    forms = [key, key.upper(), f'"{key}"', f"urn:uuid:{key}"]

    assert len({(await ask(shop, form)).content for form in forms}) == 1


@pytest.mark.parametrize("of", [uuid.uuid1, uuid.uuid4, lambda: uuid.uuid5(uuid.NAMESPACE_URL, "x")])
async def test_a_uuid_of_any_version_will_do(standing_shop, of):
    assert (await ask(standing_shop, str(of()))).status_code == 200


async def test_the_same_key_of_another_client_is_another_key(closed_shop, key):
    async def ask_from(shop, address, text="Say this once, please."):
        return await shop.http.post(
            "/lightning/request-video/text",
            json={"text": text, "private": True},
            headers={"Idempotency-Key": key, "X-Forwarded-For": address},
        )

    async with closed_shop.open(trusted_proxies="127.0.0.1") as shop:
        first = await ask_from(shop, "2001:db8:0:1::1")
        same = await ask_from(shop, "2001:db8:0:1::2")
        stranger = await ask_from(shop, "198.51.100.1")
        other_wish = await ask_from(shop, "198.51.100.2", "Something else.")

    assert first.content == same.content
    assert other_wish.status_code == 200
    for secret in ("bolt11_invoice", "refund_token", "claim_token"):
        assert first.json()[secret] != stranger.json()[secret]


async def test_neither_the_key_nor_the_tokens_are_kept(shop, key):
    quote = (await ask(shop, key, private=True)).json()

    stored = [*await rows(shop, "orders"), *await rows(shop, "idempotency_keys")]
    kept = [value for row in stored for value in row]
    for secret in (key, quote["refund_token"], quote["claim_token"]):
        assert not any(secret in str(value) or secret.encode() == value for value in kept)
