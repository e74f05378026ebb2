"""The shop's videos as tools, for the official SDK's client: in memory, over HTTP, and as a program that it starts."""

import asyncio
import base64
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from lightning import Msat
from satspeak.mcp.buying import Buyer
from satspeak.mcp.ledger import Budget, Ledger, State
from satspeak.mcp.server import make_server
from satspeak.mcp.serving import Door, Unsafe, make_app
from satspeak.mcp.shop import Shop
from satspeak.payers import Bill, NotPaid, OutcomeUnknown, Receipt

WISH = {"text": "Hello there, my dear friend.", "avatar": "arab_woman", "emotion": "happy"}
FREE = {"list_avatars", "estimate_video", "quote_video", "payment_status", "get_video", "refund"}
TOKEN = "a-token-that-nobody-guesses"


class Purse:
    """A wallet over the shop's own node, which does what the test says."""

    name = "a purse"
    bounds_fees = True

    def __init__(self, pay: Callable[[str], bytes]) -> None:
        self._pay = pay
        self.bills: list[Bill] = []
        self.before: Callable[[], Any] = lambda: None
        self.after: Callable[[], Any] = lambda: None
        self.go: asyncio.Event | None = None

    async def pay(self, bill: Bill) -> Receipt:
        self.bills.append(bill)
        self.before()
        if self.go is not None:
            await self.go.wait()
        preimage = self._pay(bill.invoice)
        self.after()
        return Receipt(preimage=preimage, amount_msat=bill.amount_msat, fee_msat=1)

    async def aclose(self) -> None: ...


def refuse(error: Exception) -> Callable[[], None]:
    def raise_() -> None:
        raise error

    return raise_


@pytest.fixture
def shop(standing_shop):
    standing_shop.worker.segments = 4
    standing_shop.worker.requests.clear()
    standing_shop.worker.answer = None
    return standing_shop


@pytest.fixture
async def agent_shop(shop):
    async with Shop(shop.url) as seen:
        yield seen


@pytest.fixture
def purse(shop):
    return Purse(shop.node.pay)


@pytest.fixture
def buyer(agent_shop, purse, tmp_path):
    return Buyer(
        agent_shop.client, agent_shop.url, purse, Ledger(tmp_path / "file", Budget(per_call=100, per_day=250))
    )


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool answers, as a program reads it."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    answer: Any = await client.call_tool(tool, arguments)
    assert answer.is_error, answer.structured_content
    return str(answer.content[0].text)


async def buys(client: Client, shop) -> None:
    """Go the whole way with a wallet of one's own."""
    chosen = await call(client, "list_avatars")
    assert WISH["avatar"] in chosen["avatars"]
    estimate = await call(client, "estimate_video", text=WISH["text"])
    quote = await call(client, "quote_video", **WISH)
    assert quote["amount_sats"] == estimate["amount_sats"]
    invoice = quote["bolt11_invoice"]
    assert (await call(client, "payment_status", bolt11_invoice=invoice))["payment"] == "pending"
    shop.node.pay(invoice)
    paid = await call(client, "payment_status", bolt11_invoice=invoice, wait_seconds=20)
    assert paid["payment"] == "paid"
    answer: Any = await client.call_tool("get_video", {"bolt11_invoice": invoice, "include_bytes": True})
    blob = answer.content[1].resource
    assert (blob.mime_type, base64.b64decode(blob.blob)) == ("video/mp4", shop.worker.video)
    assert answer.structured_content["state"] == "ready"
    async with httpx.AsyncClient() as http:
        assert (await http.get(answer.structured_content["video_url"])).content == shop.worker.video


async def test_an_agent_without_a_wallet_has_all_that_it_needs_to_pay_by_itself(shop, agent_shop):
    async with Client(make_server(agent_shop, None)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

        assert set(tools) == FREE
        for tool in tools.values():
            assert tool.description
            assert tool.output_schema
            assert all(each.get("description") for each in tool.input_schema["properties"].values())
        await buys(client, shop)


async def test_it_is_bought_over_http(shop, agent_shop, run_server):
    door = Door(host="127.0.0.1", port=0, token=None)
    async with (
        run_server(make_app(make_server(agent_shop, None), door)) as url,
        Client(f"{url}/mcp") as client,
    ):
        await buys(client, shop)


async def test_it_is_bought_from_a_program_that_the_agent_starts(shop):
    program = StdioServerParameters(command=sys.executable, args=["-m", "satspeak", "mcp", "--url", shop.url])
    async with Client(stdio_client(program)) as client:
        await buys(client, shop)


async def test_a_large_video_is_a_link_alone(shop, agent_shop, monkeypatch):
    monkeypatch.setattr("satspeak.mcp.server.SMALL_BYTES", 5000)
    invoice = await shop.paid(**WISH)
    async with Client(make_server(agent_shop, None)) as client:
        answer = await client.call_tool("get_video", {"bolt11_invoice": invoice, "include_bytes": True})

    assert len(answer.content) == 1
    assert answer.structured_content["bytes_included"] == 0
    await shop.until(invoice, lambda told: told["video"]["state"] == "ready")


async def test_the_shop_refuses_in_its_own_words(agent_shop):
    async with Client(make_server(agent_shop, None)) as client:
        assert "avatar" in await refused(client, "quote_video", **{**WISH, "avatar": "nobody"})
        assert "404" in await refused(client, "payment_status", bolt11_invoice="lnbc1")
        assert "not paid yet" in await refused(
            client,
            "get_video",
            bolt11_invoice=(await call(client, "quote_video", **WISH))["bolt11_invoice"],
            wait_seconds=0,
        )


async def test_a_shop_that_is_away_is_told_of():
    async with Shop("http://127.0.0.1:9") as nobody, Client(make_server(nobody, None)) as client:
        assert "does not answer" in await refused(client, "list_avatars")


async def test_a_video_that_fails_is_refunded(shop, agent_shop):
    async with Client(make_server(agent_shop, None)) as client:
        quote = await call(client, "quote_video", **WISH)
        preimage = shop.node.pay(quote["bolt11_invoice"])
        shop.worker.answer = (400, "Nobody can say that.")
        await refused(client, "get_video", bolt11_invoice=quote["bolt11_invoice"])
        told = await call(client, "payment_status", bolt11_invoice=quote["bolt11_invoice"])
        own = await shop.buyer.add_invoice(
            amount=Msat(told["refund_offered_msat"]), memo="mine", expiry_s=900
        )
        claim = {
            "bolt11_invoice": quote["bolt11_invoice"],
            "preimage": preimage.hex(),
            "refund_invoice": own.bolt11,
        }

        assert "refused" in await refused(client, "refund", **claim, refund_token="no")
        back = await call(client, "refund", **claim, refund_token=quote["refund_token"])

    assert back["amount_msat"] == told["refund_offered_msat"]


# With a wallet


async def test_a_wallet_pays_within_the_budget_and_each_purchase_once(agent_shop, buyer, purse):
    async with Client(make_server(agent_shop, buyer)) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == FREE | {"buy_video", "budget"}
        bought = await call(client, "buy_video", **WISH, purchase_id="first")
        again = await call(client, "buy_video", **WISH, purchase_id="first")
        video = await call(client, "get_video", bolt11_invoice=bought["bolt11_invoice"])
        budget = await call(client, "budget")

    assert bought == again
    assert len(purse.bills) == 1
    assert video["state"] in ("rendering", "ready")
    # 30 sat and a millisatoshi, rounded up.
    assert (bought["spent_sats"], bought["left_today_sats"]) == (31, 219)
    assert (budget["spent_today_sats"], budget["left_for_one_purchase_sats"]) == (31, 100)


async def test_what_is_over_the_budget_is_not_paid(agent_shop, buyer, purse):
    long = {**WISH, "text": "This is a long story, which goes on and on and on. " * 3}
    async with Client(make_server(agent_shop, buyer)) as client:
        assert "the bound is 100 sat" in await refused(client, "buy_video", **long, purchase_id="long")
        assert "the bound is 28 sat" in await refused(
            client, "buy_video", **WISH, purchase_id="low", max_sats=28
        )
        for n in range(6):
            await call(client, "buy_video", **WISH, purchase_id=f"{n}")
        # 64 are left, and it costs 79 and a fee.
        assert "to spend" in await refused(
            client, "buy_video", **{**WISH, "text": WISH["text"] * 3}, purchase_id="more"
        )
        assert (await call(client, "budget"))["spent_today_sats"] <= 250

    assert len(purse.bills) == 6


async def test_a_purchase_that_failed_costs_nothing_and_may_be_tried_again(agent_shop, buyer, purse):
    purse.before = refuse(NotPaid("No way there."))
    async with Client(make_server(agent_shop, buyer)) as client:
        assert "nothing was paid: No way there." in await refused(
            client, "buy_video", **WISH, purchase_id="a"
        )
        assert (await call(client, "budget"))["spent_today_sats"] == 0
        purse.before = lambda: None

        await call(client, "buy_video", **WISH, purchase_id="a")

    assert len({bill.invoice for bill in purse.bills}) == 1


@pytest.mark.parametrize("was_paid", [True, False])
async def test_an_outcome_that_nobody_knows_counts_as_spent_and_is_not_paid_again(
    agent_shop, buyer, purse, was_paid
):
    error = OutcomeUnknown("The wallet is silent.")
    if was_paid:
        purse.after = refuse(error)
    else:
        purse.before = refuse(error)
    async with Client(make_server(agent_shop, buyer)) as client:
        assert "silent" in await refused(client, "buy_video", **WISH, purchase_id="a")
        assert (await call(client, "budget"))["spent_today_sats"] == 40
        if was_paid:
            invoice = purse.bills[0].invoice
            await call(client, "payment_status", bolt11_invoice=invoice, wait_seconds=20)
            bought = await call(client, "buy_video", **WISH, purchase_id="a")
            assert bought["bolt11_invoice"] == invoice
        else:
            assert "Nobody knows yet" in await refused(client, "buy_video", **WISH, purchase_id="a")

    assert len(purse.bills) == 1
    assert buyer.ledger.spent() == 40


async def test_a_call_whose_client_has_gone_stays_booked(agent_shop, buyer, purse):
    purse.go = asyncio.Event()
    wish = {**WISH, "purchase_id": "a"}
    async with Client(make_server(agent_shop, buyer)) as client:
        calling = asyncio.create_task(client.call_tool("buy_video", wish))
        async with asyncio.timeout(20):
            while not purse.bills:  # noqa: ASYNC110 - the wallet tells nobody
                await asyncio.sleep(0.005)
        calling.cancel()
        await asyncio.wait([calling])

        assert buyer.ledger.spent() == 40
        assert "Nobody knows yet" in await refused(client, "buy_video", **wish)
    assert len(purse.bills) == 1


async def test_one_purchase_asked_for_many_times_at_once_is_paid_once(agent_shop, buyer, purse):
    async with Client(make_server(agent_shop, buyer)) as client:
        answers = await asyncio.gather(
            *(client.call_tool("buy_video", {**WISH, "purchase_id": "a"}) for _ in range(5))
        )

    assert len(purse.bills) == 1
    assert any(not answer.is_error for answer in answers)
    assert buyer.ledger.find("a").state is State.PAID


async def test_a_name_that_was_used_for_something_else_buys_nothing(agent_shop, buyer, purse):
    async with Client(make_server(agent_shop, buyer)) as client:
        await call(client, "buy_video", **WISH, purchase_id="a")

        assert "something else" in await refused(
            client, "buy_video", **{**WISH, "emotion": "serious"}, purchase_id="a"
        )
        assert "purchase_id" in await refused(client, "buy_video", **WISH, purchase_id="")

    assert len(purse.bills) == 1


async def test_a_file_that_cannot_be_used_lets_nothing_be_paid(agent_shop, buyer, purse, tmp_path):
    (tmp_path / "file").write_bytes(b"no database, whatever else it may be. " * 100)
    async with Client(make_server(agent_shop, buyer)) as client:
        assert "nothing is paid" in await refused(client, "buy_video", **WISH, purchase_id="a")

    assert not purse.bills


async def test_an_invoice_on_another_network_is_not_paid(agent_shop, buyer, purse):
    careful = Buyer(agent_shop.client, agent_shop.url, purse, buyer.ledger, network="mainnet")
    async with Client(make_server(agent_shop, careful)) as client:
        assert "not for mainnet" in await refused(client, "buy_video", **WISH, purchase_id="a")

    assert not purse.bills


# Who may ask over HTTP


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}, 421),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "https://evil.example"}, 403),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "https://app.example"}, 200),
        ({"Authorization": f"Bearer {TOKEN}", "Host": "agents.example"}, 200),
    ],
)
async def test_only_who_may_is_let_in(agent_shop, run_server, headers, status):
    door = Door(
        host="127.0.0.1",
        port=0,
        token=TOKEN,
        hosts=("agents.example",),
        origins=("https://app.example",),
    )
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    async with (
        run_server(make_app(make_server(agent_shop, None), door)) as url,
        httpx.AsyncClient() as http,
    ):
        takes = {"Accept": "application/json, text/event-stream"}
        answer = await http.post(f"{url}/mcp", json=hello, headers={**takes, **headers})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("door", "pays"),
    [
        (Door(host="0.0.0.0", port=1, token=None), False),
        (Door(host="::", port=1, token=None), False),
        (Door(host="example.org", port=1, token=None), False),
        (Door(host="127.0.0.1", port=1, token=None), True),
        (Door(host="127.0.0.1", port=1, token="short"), False),
    ],
)
def test_a_door_that_stands_open_is_not_served(door, pays):
    with pytest.raises(Unsafe):
        door.check(pays=pays)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_door_on_this_machine_needs_no_token_where_nothing_is_spent(host):
    Door(host=host, port=1, token=None).check(pays=False)
