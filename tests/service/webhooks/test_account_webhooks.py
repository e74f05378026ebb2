"""What the receiver of an account is told, over HTTP, verified by a library that others wrote."""

import asyncio
import functools
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from standardwebhooks import Webhook, WebhookVerificationError

from service.accounts.port import Scope
from service.assembly.stores import open_accounts, open_database, open_outbox
from service.holders import accounts as accounts_command
from service.orders.choice import Choice
from service.orders.prepaid import Holding, NewPrepaid
from service.orders.webhook import Event
from service.orders.wish import Wish
from service.sessions.session import NewSession
from service.storage.account_schema import account_webhooks
from service.storage.accounts import SqlAccounts
from service.storage.order_schema import outbox, webhooks
from service.storage.outbox import tell
from service.storage.postgres import PostgresDatabase
from service.storage.prepaid import SqlPrepaidOrders
from service.storage.receivers import SqlReceivers
from service.storage.sessions import SqlLiveSessions
from service.storage.sqlite import SqliteDatabase
from tests.service.webhooks.conftest import SETTINGS
from tests.service.webhooks.test_webhooks import until_noted

WISH = {"text": "Hello there, my dear friend.", "avatar": "arab_woman", "emotion": "happy"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def new_account(shop, seconds: int, *scopes: Scope) -> dict[str, str]:
    """An account with so much video time; the header that shows its key."""
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create(f"app {len(await holders.accounts.all())}")
        await holders.accounts.grant(number, seconds * 1000, ref=f"gift {number}", now=NOW)
        return {"X-API-Key": await holders.keys.create("phone", scopes, account_id=number)}


async def name(shop, key, url: str, **more):
    return await shop.http.put("/account/webhook", json={"webhook_url": url, **more}, headers=key)


async def infer(shop, key, **changes):
    return await shop.http.post("/inference", json={**WISH, **changes}, headers=key)


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_an_account_is_told_of_its_videos(shop, receiver):
    key = await new_account(shop, 60)
    named = (await name(shop, key, f"{receiver.url}/hook")).json()

    made = (await infer(shop, key)).json()
    await shop.eventually(lambda: len(receiver.told) == 2)

    assert receiver.types == ["video.started", "video.ready"]
    assert {each["data"]["id"] for each in receiver.told} == {made["id"]}
    assert receiver.told[0]["data"]["mp4_url"] == f"/inference/{made['id']}/video.mp4"
    verifier = Webhook(named["webhook_secret"])
    for headers, body in receiver.tries:
        assert verifier.verify(body, headers) == json.loads(body)


async def test_an_account_is_told_of_a_video_that_was_given_up(shop, receiver):
    key = await new_account(shop, 60)
    await name(shop, key, receiver.url)
    shop.worker.answer = (400, "Nobody can say that.")

    assert (await infer(shop, key)).status_code == 400
    await shop.eventually(lambda: "video.failed" in receiver.types)

    assert receiver.types == ["video.started", "video.failed"]


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_an_account_that_names_a_receiver_is_told_of_videos_under_way(shop, receiver):
    key = await new_account(shop, 60)
    whole = (await infer(shop, key)).json()
    delayed = (await infer(shop, key, text="Later.", delayed=True)).json()
    await name(shop, key, receiver.url)

    await shop.http.get(f"/inference/{delayed['id']}/video.mp4")
    await shop.http.get(f"/inference/{whole['id']}/video.mp4")
    await shop.eventually(lambda: receiver.types == ["video.started", "video.ready"])

    assert {each["data"]["id"] for each in receiver.told} == {delayed["id"]}


async def test_a_low_balance_is_told_once_for_each_time_that_it_gets_low(shop, receiver):
    key = await new_account(shop, 6)
    await name(shop, key, receiver.url, low_balance_seconds=5)
    low = lambda: receiver.types.count("balance.low")  # noqa: E731

    for n in range(2):
        await infer(shop, key, text=f"{WISH['text']} {n}")
    await shop.eventually(lambda: receiver.types.count("video.ready") == 2 and low() == 1)

    [letter] = [each for each in receiver.told if each["type"] == "balance.low"]
    account = (await shop.http.get("/account", headers=key)).json()
    assert letter["data"] == {"account_id": account["account_id"], "account_url": "/account"}
    assert (account["webhook_url"], account["low_balance_seconds"]) == (receiver.url, 5)

    async with open_accounts(shop.settings()) as holders:
        await holders.accounts.grant(account["account_id"], 5000, ref="more", now=NOW)
    for n in range(2, 4):
        await infer(shop, key, text=f"{WISH['text']} {n}")
    await shop.eventually(lambda: receiver.types.count("video.ready") == 4 and low() == 2)
    async with open_outbox(shop.settings()) as outbox:
        assert await outbox.due(shop.clock.now(), but=(), limit=9) == []


async def test_a_balance_that_gets_low_while_a_live_session_goes_on_is_told_once(tmp_path):
    async with SqliteDatabase.open(tmp_path / "db.sqlite3") as database:
        accounts, sessions = SqlAccounts(database), SqlLiveSessions(database)
        number = await accounts.create("app", most_open=None, now=NOW)
        await accounts.grant(number, 60_000, ref="gift", now=NOW)
        await SqlReceivers(database).put(number, "https://a.example/", low_ms=55_000, secret="whsec_")
        until = NOW + timedelta(minutes=1)
        new = NewSession(
            id="live", account_id=number, owner="a", output="webrtc", stream=None, until=until, created_at=NOW
        )
        await sessions.open(new, slice_ms=10_000, least_ms=1000, most_open=1, unlimited=False)

        for shown_ms in (6000, 12_000, 18_000):
            await sessions.renew(
                "live", "a", shown_ms, until=until, now=NOW, slice_ms=10_000, unlimited=False
            )
        await sessions.end("live", "a", 18_000, NOW)

        assert await database.read(
            lambda connection: list(connection.scalars(sa.select(outbox.c.event)))
        ) == ["balance.low"]


async def test_what_is_set_aside_and_comes_back_makes_no_balance_low(shop, receiver):
    key = await new_account(shop, 6)
    await name(shop, key, receiver.url, low_balance_seconds=5)
    shop.worker.answer = (400, "Nobody can say that.")

    await infer(shop, key)
    await shop.eventually(lambda: "video.failed" in receiver.types)

    async with open_outbox(shop.settings()) as outbox:
        waiting = await outbox.due(shop.clock.now(), but=(), limit=9)
    assert "balance.low" not in [*receiver.types, *(letter.event.value for letter in waiting)]


async def test_a_new_secret_signs_beside_the_old_one_and_the_one_before_that_no_more(shop, receiver):
    key = await new_account(shop, 600)
    secrets = [(await name(shop, key, receiver.url)).json()["webhook_secret"]]
    for _ in range(2):
        rotated = await shop.http.post("/account/webhook/secret", headers=key)
        secrets.append(rotated.json()["webhook_secret"])

    await infer(shop, key)
    await shop.eventually(lambda: len(receiver.told) == 2)

    headers, body = receiver.tries[0]
    for secret in secrets[1:]:
        assert Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(body, headers)
    assert (await name(shop, key, receiver.url)).json()["webhook_secret"] is None


async def test_a_receiver_that_moves_gets_what_waited_and_one_that_is_removed_nothing(shop, receiver):
    key = await new_account(shop, 600)
    receiver.status = 500
    await name(shop, key, f"{receiver.url}/old")
    await infer(shop, key)
    await shop.eventually(lambda: len(receiver.tries) > 0)

    receiver.status = 200
    await name(shop, key, f"{receiver.url}/new")
    shop.clock.pass_by(minutes=1)
    await shop.eventually(lambda: receiver.types == ["video.started", "video.ready"])

    receiver.status = 500
    tried = len(receiver.tries)
    await infer(shop, key, text="Another.")
    await shop.eventually(lambda: len(receiver.tries) > tried)
    assert (await shop.http.delete("/account/webhook", headers=key)).status_code == 204
    async with open_outbox(shop.settings()) as outbox:
        far = shop.clock.now().replace(year=2100)
        assert await outbox.due(far, but=(), limit=9) == []
    assert (await shop.http.post("/account/webhook/secret", headers=key)).status_code == 400


async def test_a_receiver_that_is_removed_while_it_is_about_to_be_told_leaves_no_letter(database_url):
    """A letter without a receiver would end the sending of all."""
    async with PostgresDatabase.open(database_url) as database:
        receivers = SqlReceivers(database)
        number = await SqlAccounts(database).create("app", most_open=None, now=NOW)
        await SqlAccounts(database).grant(number, 5000, ref="gift", now=NOW)
        await receivers.put(number, "https://a.example/", low_ms=None, secret="whsec_")
        order_id = await SqlPrepaidOrders(database).add(
            NewPrepaid(
                public_id="made",
                account_id=number,
                wish=Wish(
                    text="Hello.",
                    upload=None,
                    duration_ms=1000,
                    choice=Choice(avatar="arab_woman", emotion="happy"),
                ),
                held_ms=1000,
                delayed=False,
                idempotency=None,
                created_at=NOW,
                expires_at=NOW,
            ),
            Holding(most_open=1, most_delayed=1, unlimited=False),
        )

        async with database._engine.begin() as connection:
            await connection.run_sync(lambda connection: tell(connection, order_id, Event.VIDEO_READY, NOW))
            removing = asyncio.create_task(receivers.remove(number))
            while not removing.done() and not await somebody_waits(database):  # noqa: ASYNC110 - what a row says
                await asyncio.sleep(0.01)

        assert await removing
        assert (
            await database.read(lambda connection: list(connection.scalars(sa.select(outbox.c.event)))) == []
        )


async def somebody_waits(database) -> bool:
    """Whether a transaction waits for another's lock."""
    query = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    return await database.read(lambda connection: connection.scalar(query)) > 0


async def test_a_letter_that_nobody_is_to_be_told_of_keeps_no_other_back(shop, receiver):
    key = await new_account(shop, 60)
    receiver.status = 500
    await name(shop, key, receiver.url)
    await infer(shop, key)
    async with open_database(shop.settings()) as database:
        for table in (account_webhooks, webhooks):  # as it was done to letters that were written that moment
            await database.write(functools.partial(sa.Connection.execute, statement=table.delete()))
    receiver.status = 200
    other = await new_account(shop, 60)
    await name(shop, other, receiver.url)

    made = (await infer(shop, other, text="Another.")).json()

    await shop.eventually(lambda: made["id"] in [each["data"].get("id") for each in receiver.told])


async def test_a_video_whose_receiver_is_given_up_is_replayed_by_its_old_id(shop, receiver):
    key = await new_account(shop, 6)
    receiver.status = 410
    await name(shop, key, receiver.url, low_balance_seconds=6)
    await infer(shop, key)

    async with open_outbox(shop.settings()) as outbox:
        async with asyncio.timeout(10):
            while len(dead := await outbox.dead()) < 3:  # noqa: ASYNC110 - what a row says
                await asyncio.sleep(0.01)
        assert {letter.event.value for letter in dead} == {"video.started", "video.ready", "balance.low"}
        receiver.status = 200
        assert await outbox.replay(None, shop.clock.now()) == 3
    await shop.eventually(lambda: len(receiver.told) == 3)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://localhost/",
        "https://example.org:444/",
        "ftp://x",
        "",
        "https://" + "a" * 600,
    ],
)
async def test_a_receiver_that_is_nobody_on_the_internet_is_refused(closed_shop, url):
    async with closed_shop.open() as shop:
        refused = await name(shop, await new_account(shop, 6), url)

        assert (refused.status_code, refused.json()["field"]) == (400, "webhook_url")


async def test_only_a_key_that_may_change_an_account_names_its_receiver(shop, receiver):
    reader = await new_account(shop, 6, Scope.ACCOUNT, Scope.VIDEO)

    assert (await name(shop, reader, receiver.url)).status_code == 403
    assert (await shop.http.delete("/account/webhook", headers=reader)).status_code == 403
    assert (await shop.http.put("/account/webhook", json={"webhook_url": receiver.url})).status_code == 401
    wrong = {"low_balance_seconds": 0}
    async with open_accounts(shop.settings()) as holders:
        key = {"X-API-Key": await holders.keys.create("all", account_id=1)}
    assert (await name(shop, key, receiver.url, **wrong)).json()["field"] == "low_balance_seconds"


async def test_an_operator_names_the_receiver_of_an_account_by_hand(closed_shop):
    settings = closed_shop.settings(**SETTINGS)
    runner = CliRunner()

    async def run(*arguments: str):
        return await asyncio.to_thread(runner.invoke, accounts_command, arguments, obj=settings)

    await run("create", "app")
    made = await run("webhook", "app", "http://127.0.0.1:9/hook", "--low", "60")
    shown = await run("webhook", "app")
    rotated = await run("webhook", "app", "--rotate")

    assert made.stdout.splitlines()[0] == "http://127.0.0.1:9/hook\tlow below 60 s"
    secret = made.stdout.splitlines()[1]
    assert secret.startswith("whsec_")
    assert secret not in shown.stdout + rotated.stdout
    assert rotated.stdout.splitlines()[1].startswith("whsec_")
    assert (await run("webhook", "app", "--remove")).exit_code == 0
    assert "Nobody" in (await run("webhook", "app")).stderr
    assert (await run("webhook", "app", "nowhere")).exit_code == 1


async def test_a_secret_that_rotates_between_two_tries_signs_the_second(shop, receiver):
    key = await new_account(shop, 60)
    receiver.status = 500
    await name(shop, key, receiver.url)
    await infer(shop, key)
    await until_noted(shop, 1)
    rotated = (await shop.http.post("/account/webhook/secret", headers=key)).json()["webhook_secret"]

    receiver.status = 200
    shop.clock.pass_by(minutes=1)
    await shop.eventually(lambda: receiver.types == ["video.started", "video.ready"])

    headers, body = next(each for each in reversed(receiver.tries) if b"video.started" in each[1])
    assert Webhook(rotated).verify(body, headers)
