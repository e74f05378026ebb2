"""Orders that are kept are asked for where they were made: another shop learns nothing of their tokens."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from satspeak.cli import main
from satspeak.client import Quote
from satspeak.commands.kept import Order, Orders

VIDEO = b"a whole video"


class Shop(ThreadingHTTPServer):
    """Notes what it is asked for, and with which token."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    """Has sold whatever it is asked for."""

    server: Shop

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path.split("?")[0], self.headers["Claim-Token"]))
        payment = {
            "invoice": "lnbc1", "amount_sat": 1, "amount_usd": 0.01, "status": "paid",
            "created_at": "2026-01-01T00:00:00Z", "paid_at": "2026-01-01T00:00:00Z", "refund": None,
            "video": {"state": "ready", "frames": 25, "seconds": 1.0},
        }  # fmt: skip
        self._answer("application/json", json.dumps(payment).encode())

    def do_POST(self):
        self.server.asked.append((self.path, self.headers["Claim-Token"]))
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("video/mp4", VIDEO)

    def _answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def open_shop():
    opened = []

    def opening():
        server = Shop()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        opened.append((server, thread))
        return server

    yield opening
    for server, thread in opened:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def kept(open_shop, tmp_path, monkeypatch):
    """The shop where an order was made, another one that is the usual one by now, and the order."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shop, usual = open_shop(), open_shop()
    monkeypatch.setenv("SATSPEAK_URL", usual.url)
    quote = Quote(
        duration=1.0, bolt11_invoice="lnbc1", amount=1, amount_usd=0.01, expires_at="2026-01-01T00:00:00Z",
        refund_token="secret", claim_token="secret",
        lightning_uri="", bip21_uri="",
    )  # fmt: skip
    order = Order(url=shop.url, quote=quote, out=str(tmp_path / "video.mp4"))
    Orders().keep(order)
    return shop, usual, order


@pytest.mark.parametrize("command", [["status"], ["status", "lnbc1"], ["refund"], ["buy", "--resume"]])
def test_an_order_is_asked_for_where_it_was_made(kept, command):
    shop, usual, _ = kept

    CliRunner().invoke(main, command)

    assert {token for _, token in shop.asked} == {"secret"}
    assert usual.asked == []


def test_a_shop_that_has_moved_is_named(kept):
    shop, moved, _ = kept

    assert CliRunner().invoke(main, ["status", "--url", moved.url]).exit_code == 0

    assert moved.asked
    assert shop.asked == []


def test_a_video_that_is_gone_on_with_may_go_elsewhere(kept, tmp_path):
    elsewhere = tmp_path / "elsewhere.mp4"

    assert CliRunner().invoke(main, ["buy", "--resume", "-o", str(elsewhere)]).exit_code == 0
    assert CliRunner().invoke(main, ["buy", "--resume", "-o", str(tmp_path / "state")]).exit_code != 0
    assert CliRunner().invoke(main, ["buy", "--resume"]).exit_code == 0

    assert elsewhere.read_bytes() == VIDEO
    assert not (tmp_path / "video.mp4").exists()
