"""Requests made from the OpenAPI document, fit and unfit: no failure, and no answer that it does not name."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from lightning.memory import MemoryBackend
from service.app import create_app
from service.assembly.stores import open_accounts
from service.settings import Settings

EXAMPLES, MANY_EXAMPLES = 25, 500  # of each operation

DOCUMENT = create_app(Settings(), backend=MemoryBackend()).openapi_schema.to_schema()

OPERATIONS = [f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item]

OF_ACCOUNTS = {"GET /account", "POST /lightning/top-up"}
"""What takes a key of an account."""


async def fail(shop) -> tuple[str, dict[str, str]]:
    """Sell what the worker refuses: the invoice, and what proves whose the money is."""
    quote = (await shop.http.post("/lightning/request-video/text", json={"text": "Hello."})).json()
    invoice, preimage = quote["bolt11_invoice"], shop.node.pay(quote["bolt11_invoice"])
    await shop.video(invoice)
    assert (await shop.payment(invoice))["refund"]["state"] == "offered"
    return invoice, {"refund_token": quote["refund_token"], "preimage": preimage.hex()}


async def hold(shop, payers: contextlib.AsyncExitStack) -> str:
    """Sell in one step to somebody whose payment is held from now on."""
    invoice = await shop.quote(hold=True, avatar="arab_woman", emotion="happy", language="en")
    paying = asyncio.create_task(shop.node.pay_held(invoice))
    paying.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may come back
    payers.callback(paying.cancel)
    return invoice


async def top_up(shop) -> str:
    """Sell video time that nobody pays: the invoice."""
    return (await shop.http.post("/lightning/top-up", json={"seconds": 9})).json()["bolt11_invoice"]


async def account_key(shop) -> dict[str, str]:
    """Make a key of an account that has some moves."""
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("app")
        account = await holders.accounts.get(number)
        assert account is not None
        for n in range(5):
            await holders.video_time.grant(account, 1000 + n)
        return {"Authorization": f"Bearer {await holders.keys.create('app', account_id=number)}"}


@pytest.fixture(scope="module")
def known(tmp_path_factory, make_shop):
    """A service in a thread of its own, since the requests block theirs; its URL, and invoices in every state."""

    @contextlib.asynccontextmanager
    async def stage(folder: Path) -> AsyncIterator[dict[str, Any]]:
        async with (
            make_shop(folder, payment_wait_s=0.01, status_wait_s=0.01, hold_renders=1) as shop,
            contextlib.AsyncExitStack() as payers,
        ):
            expired = await shop.quote()
            shop.clock.pass_by(hours=1)
            await shop.payment(expired)
            sold, ready = await shop.paid(), await shop.paid()
            await shop.video(ready)
            shop.worker.answer = (400, "Nobody can say that.")
            failed, proof = await fail(shop)
            canceled = await hold(shop, payers)
            await shop.until(canceled, lambda payment: payment["status"] == "canceled")
            shop.worker.answer, shop.worker.hold_after = None, 1
            await shop.until(await hold(shop, payers), lambda payment: payment["video"]["frames"] > 0)
            shop.worker.hold_after = None
            held = await hold(shop, payers)  # waits for the turn of the one before
            await shop.until(held, lambda payment: payment["status"] == "held")
            yield {
                "url": shop.url,
                "over": [ready, expired, canceled],
                "invoices": [
                    await shop.quote(),
                    sold,
                    ready,
                    expired,
                    failed,
                    held,
                    canceled,
                    await top_up(shop),
                ],
                "proofs": {failed: proof},
                "key": (await shop.key())["Authorization"],
                "holders": (await account_key(shop))["Authorization"],
            }

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(stage(tmp_path_factory.mktemp("fuzz"))) as known,
    ):
        yield known


@pytest.fixture(scope="module")
def api(known):
    schema = schemathesis.openapi.from_url(f"{known['url']}/schema/openapi.json")

    @schema.hook
    def map_path_parameters(context: Any, values: dict[str, Any] | None) -> dict[str, Any] | None:
        """Ask for an order that there is, every other time."""
        follows = context.operation.path.endswith("/events")  # only what is over ends
        invoices = known["over"] if follows else known["invoices"]
        if values and (invoice := _known_instead(invoices, values.get("invoice"))):
            return {**values, "invoice": invoice}
        return values

    @schema.hook
    def map_body(_context: Any, body: Any) -> Any:
        if isinstance(body, dict) and (
            invoice := _known_instead(known["invoices"], body.get("bolt11_invoice"))
        ):
            proof = known["proofs"].get(invoice, {}) if "refund_token" in body else {}
            return {**body, "bolt11_invoice": invoice, **proof}
        return body

    return schema


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_names(label, api, known, full):
    operation = api.find_operation_by_label(label)

    @given(case=operation.as_strategy())
    @settings(
        max_examples=MANY_EXAMPLES if full else EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def ask(case: schemathesis.Case[Any]) -> None:
        # What fits the document may still be refused: an invoice that is not paid, a text that says nothing.
        answer = case.call_and_validate(
            headers={"Authorization": known["holders" if label in OF_ACCOUNTS else "key"]},
            excluded_checks=[positive_data_acceptance, not_a_server_error],
        )
        assert answer.status_code < 500 or answer.status_code == 503  # for a held payment, not yet its turn

    ask()


def _known_instead(invoices: list[str], value: Any) -> str | None:
    number = len(value) if isinstance(value, str) else 0
    return invoices[number // 2 % len(invoices)] if number % 2 else None
