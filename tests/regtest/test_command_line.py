"""`satspeak buy` and `doctor` in a terminal, in front of real nodes: well, down, too weak, too strong, poor."""

import httpx
import pytest

from regtest.build import binaries
from regtest.lnd import LndNode, NodeAccess, lnd_arguments
from regtest.process import Program, until
from satspeak import programs
from satspeak.client import Client
from satspeak.commands.exits import Exit
from satspeak.commands.kept import Orders
from tests.terminal import COLUMNS, satspeak

pytestmark = pytest.mark.regtest

WISH = ("Paid from a terminal.", "--avatar", "european_woman", "--emotion", "happy", "--language", "en")

NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
async def worker(hire_scripted):
    return await hire_scripted()


@pytest.fixture(scope="module")
async def lone_node(network, guard, ports, tell, tmp_path_factory):
    """A node on the same chain, without any channel."""
    if not network.merchant._program:
        pytest.skip("the network runs elsewhere")
    folder = tmp_path_factory.mktemp("lone")
    access = NodeAccess(
        name="lone",
        folder=folder / "lone",
        address=f"127.0.0.1:{ports.take()}",
        peer_address=f"127.0.0.1:{ports.take()}",
    )
    arguments = lnd_arguments((await binaries(tell)).lnd, access, network.chain.lnd_flags)
    node = LndNode(access, Program("lone", arguments, log=folder / "lone.log", guard=guard))
    await node.start()
    await node.bake_seller_macaroons()
    yield node
    await node.stop()


@pytest.fixture
def home(tmp_path):
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def nodes(merchant, payer, lone_node):
    return {"merchant": merchant, "payer": payer, "lone": lone_node}


def lnd_of(node: LndNode, macaroon: str = "admin.macaroon", address: str = "") -> tuple[str, ...]:
    return (
        *("--pay", "lnd", "--lnd-address", address or node.address),
        *("--lnd-cert", str(node.tls_cert_path), "--lnd-macaroon", str(node.access.folder / macaroon)),
    )


def fits(screen: str) -> bool:
    """Whether no line but an invoice and the name of a file is wider than the terminal."""
    return all(len(line) <= COLUMNS or "lnbcrt" in line or "/" in line for line in screen.splitlines())


@pytest.mark.parametrize("rest", [False, True], ids=["gRPC", "REST"])
async def test_a_video_is_bought_in_one_command_from_an_lnd(shop, payer, home, tmp_path, rest):
    if rest and not payer.access.rest_address:
        pytest.skip("this network serves no REST")
    paying = lnd_of(payer, address=payer.rest_url if rest else "")
    buy = ("buy", *WISH, *paying, "--max-sats", "500", "--url", shop.url)
    async with satspeak(*buy, folder=tmp_path, environment=home) as terminal:
        assert await terminal.ends() == Exit.DONE
    async with satspeak("status", "--url", shop.url, folder=tmp_path, environment=home) as status:
        assert await status.ends() == Exit.DONE
    async with Client(shop.url) as client:
        order = Orders(home).find(None)
        assert order is not None
        whole = b"".join([chunk async for chunk in client.video(order.quote.bolt11_invoice)])

    assert "Paid" in terminal.screen
    assert str(tmp_path / "video.mp4") in terminal.screen
    assert fits(terminal.screen)
    assert "paid, its video ready" in status.screen
    assert (tmp_path / "video.mp4").read_bytes() == whole


async def test_without_a_bound_somebody_is_asked_before_anything_is_paid(shop, payer, home, tmp_path):
    buy = ("buy", *WISH, *lnd_of(payer), "--url", shop.url)
    async with satspeak(*buy, folder=tmp_path, environment=home) as terminal:
        await terminal.shows("[Y/n]")
        terminal.type("n\n")
        assert await terminal.ends() == Exit.NOT_PAID
    async with satspeak(
        "buy", "--resume", *lnd_of(payer), "--url", shop.url, folder=tmp_path, environment=home
    ) as terminal:
        await terminal.shows("[Y/n]")
        terminal.type("\n")
        assert await terminal.ends() == Exit.DONE

    assert (tmp_path / "video.mp4").exists()


async def test_the_bound_is_hard(shop, payer, home, tmp_path):
    buy = ("buy", *WISH, *lnd_of(payer), "--max-sats", "1", "--url", shop.url)
    async with satspeak(*buy, folder=tmp_path, environment=home) as terminal:
        assert await terminal.ends() == Exit.TOO_EXPENSIVE
    async with satspeak("status", "--url", shop.url, folder=tmp_path, environment=home) as status:
        await status.ends()

    assert "the bound is 1 sat" in terminal.screen
    assert "pending" in status.screen


@pytest.mark.parametrize(
    ("whose", "macaroon", "address", "why"),
    [
        ("payer", "admin.macaroon", NOBODY, "LND does not answer"),
        ("payer", "readonly.macaroon", "", "permission denied"),
        ("lone", "admin.macaroon", "", "LND did not pay"),
    ],
    ids=["down", "read-only", "without liquidity"],
)
async def test_a_wallet_that_cannot_pay_says_why_and_the_order_is_kept(
    shop, nodes, home, tmp_path, whose, macaroon, address, why
):
    node = nodes[whose]
    buy = ("buy", *WISH, *lnd_of(node, macaroon, address), "--max-sats", "500", "--url", shop.url)

    async with satspeak(*buy, folder=tmp_path, environment=home) as terminal:
        assert await terminal.ends() == Exit.NOT_PAID

    assert why in terminal.screen
    assert "satspeak buy --resume" in terminal.screen
    assert "Traceback" not in terminal.screen


async def test_one_command_serves_a_first_shop(merchant, payer, ports, home, tmp_path):
    port, worker_port = ports.take(), ports.take()
    settings = {
        "SATSPEAK_PORT": str(port),
        "SATSPEAK_WORKER_PORT": str(worker_port),
        "SATSPEAK_DATA_DIR": str(tmp_path / "data"),
        "SATSPEAK_BTC_USD": "fixed:65000",
        **{f"SATSPEAK_{name.upper()}": value for name, value in programs.node_settings(merchant).items()},
    }
    url = f"http://127.0.0.1:{port}"
    async with satspeak("serve", environment=settings) as terminal:
        async with httpx.AsyncClient() as http:

            async def listens() -> bool:
                try:
                    return (await http.get(f"{url}/health")).is_success
                except httpx.TransportError:
                    return False

            await until("the shop to answer", listens, timeout_s=programs.READY_TIMEOUT_S)
        buy = ("buy", "Hello.", *lnd_of(payer), "--max-sats", "500", "--url", url)
        async with satspeak(*buy, folder=tmp_path, environment=home) as buying:
            assert await buying.ends() == Exit.DONE, buying.screen
        terminal.type("\x03")
        assert await terminal.ends() == 0

    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):  # nothing is left behind
            await http.get(f"http://127.0.0.1:{worker_port}/health")


async def test_a_shop_without_a_node_ends_with_what_it_needs(ports, tmp_path):
    settings = {"SATSPEAK_WORKER_PORT": str(ports.take()), "SATSPEAK_DATA_DIR": str(tmp_path)}
    async with satspeak("serve", environment=settings) as terminal:
        assert await terminal.ends() == 1

    assert "SATSPEAK_LND_ADDRESS is not set" in terminal.screen


@pytest.fixture
def settings(worker, tmp_path):
    """What a service of a node would be started with."""

    def settings(node: LndNode, **changed: str) -> dict[str, str]:
        values = {
            "data_dir": str(tmp_path / "data"),
            "worker_urls": worker.url,
            "btc_usd": "fixed:65000",
            **programs.node_settings(node),
            **changed,
        }
        return {f"SATSPEAK_{name.upper()}": value for name, value in values.items()}

    return settings


async def examined(settings: dict[str, str]) -> tuple[int, str]:
    async with satspeak("doctor", environment=settings) as terminal:
        status = await terminal.ends()
    assert fits(terminal.screen)
    assert "Traceback" not in terminal.screen
    return status, " ".join(terminal.screen.split())


async def test_the_doctor_finds_a_shop_that_can_sell_well(merchant, settings):
    status, told = await examined(settings(merchant))

    assert status == 0, told
    assert "failed" not in told
    assert "ok node merchant on regtest" in told
    assert "ok macaroon It may sell, and nothing else" in told
    assert "ok refund macaroon It may give money back, and nothing else" in told
    assert "ok inbound liquidity The channels can receive" in told
    assert "ok prices $65,000 for a bitcoin" in told
    assert "ok clock It agrees with" in told


@pytest.mark.parametrize(
    ("whose", "changed", "why", "advice"),
    [
        ("merchant", {"lnd_address": NOBODY}, "failed node LND does not answer", "Start it and unlock"),
        (
            "merchant",
            {"lnd_macaroon": "readonly.macaroon"},
            "failed macaroon It may not invoices:write",
            "Bake",
        ),
        (
            "merchant",
            {"lnd_macaroon": "admin.macaroon"},
            "failed macaroon It may move money",
            "Bake one that",
        ),
        ("lone", {}, "so nobody can pay", "Open a channel"),
    ],
    ids=["down", "read-only", "admin", "without liquidity"],
)
async def test_the_doctor_says_what_is_wrong_with_a_node_and_what_to_do(
    nodes, settings, whose, changed, why, advice
):
    node = nodes[whose]
    changed = {
        name: str(node.access.folder / value) if value.endswith(".macaroon") else value
        for name, value in changed.items()
    }

    status, told = await examined(settings(node, **changed))

    assert status == 1
    assert why in told
    assert advice in told


async def test_the_doctor_says_what_else_is_wrong(merchant, settings, tmp_path):
    (tmp_path / "data").write_text("no folder")

    status, told = await examined(settings(merchant, worker_urls=f"http://{NOBODY}"))

    assert status == 1
    assert "failed object store" in told
    assert f"failed worker http://{NOBODY} does not answer" in told
    assert "warning clock There is nobody to compare it with" in told
