"""The program itself, as a process."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from lightning.memory import EVERY_BITCOIN
from service.errors import SettingsError
from service.program import alone, main
from tests.told import answer

CERTIFICATE = Path(__file__).parents[1] / "lightning" / "nobody.pem"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SATSPEAK_")}
    return {
        **ours,
        "SATSPEAK_DATA_DIR": str(folder),
        **{f"SATSPEAK_{k.upper()}": v for k, v in settings.items()},
    }


def run(folder: Path, *arguments: str, **settings: str) -> Result:
    """Run a command of the program in this process: it starts in no time."""
    return CliRunner().invoke(main, arguments, env=environment(folder, **settings))


def test_keys_are_made_listed_and_revoked_by_commands(tmp_path):
    key = run(tmp_path, "keys", "create", "accounting").stdout.strip()
    assert re.fullmatch(r"sk_[\w-]{43}", key)

    listed = run(tmp_path, "keys", "list").stdout
    assert key[:10] in listed
    assert key not in listed
    assert "accounting" in listed

    assert run(tmp_path, "keys", "revoke", "1").exit_code == 0
    assert "revoked" in run(tmp_path, "keys", "list").stdout
    again = run(tmp_path, "keys", "revoke", "1")
    assert (again.exit_code, "no valid key 1" in again.stderr) == (1, True)


def test_accounts_are_made_granted_time_and_shown_by_commands(tmp_path):
    assert run(tmp_path, "accounts", "create", "app", "--jobs", "3").stdout == "1\n"
    assert "already" in run(tmp_path, "accounts", "create", "app").stderr
    assert "more than digits" in run(tmp_path, "accounts", "create", "12").stderr
    given = run(tmp_path, "accounts", "grant", "app", "90", "--ref", "welcome")
    assert given.stdout == "Account 1 has 90 s free.\n"
    again = run(tmp_path, "accounts", "grant", "1", "90", "--ref", "welcome")
    assert (again.exit_code, "given before. Free are 90 s" in again.stderr) == (1, True)
    assert run(tmp_path, "accounts", "limit", "app", "5").exit_code == 0
    key = run(tmp_path, "keys", "create", "phone", "--account", "app").stdout.strip()
    assert re.fullmatch(r"sk_[\w-]{43}", key)
    refused = run(tmp_path, "keys", "create", "phone", "--account", "app", "--scope", "metrics:read")
    assert (
        refused.exit_code,
        "only for account:read, account:write, media:write, video:make" in refused.stderr,
    ) == (
        1,
        True,
    )

    assert run(tmp_path, "accounts", "list").stdout == "1\tapp\tfree 90\treserved 0\tused 0\n"
    shown = run(tmp_path, "accounts", "show", "app").stdout
    assert "free 90 s, reserved 0 s, used 0 s of 90 s; 0 of at most 5 jobs open" in shown
    assert "grant\t90 s\twelcome" in shown
    assert (
        "account:read,account:write,media:write,video:make\taccount 1\tphone"
        in run(tmp_path, "keys", "list").stdout
    )
    assert "no account 7" in run(tmp_path, "accounts", "show", "7").stderr


def test_programs_read_what_the_commands_of_the_operator_answer(tmp_path):
    def told(*arguments: str) -> Any:
        done = run(tmp_path, *arguments, "--json", webhook_private="true")
        answered = answer(done)
        assert done.stderr == ""
        return answered

    made = told("keys", "create", "accounting", "--scope", "metrics:read")
    [key] = told("keys", "list")
    assert (made["name"], made["key"][:10], key["scopes"], key["account_id"], key["revoked_at"]) == (
        "accounting",
        key["prefix"],
        ["metrics:read"],
        None,
        None,
    )
    assert told("keys", "revoke", str(key["id"])) == {"id": key["id"], "revoked": True}
    assert told("keys", "list")[0]["revoked_at"].endswith("Z")
    assert told("accounts", "create", "app") == {"id": 1, "name": "app"}
    assert told("accounts", "grant", "app", "90", "--ref", "welcome")["free_ms"] == 90_000
    assert told("accounts", "limit", "app", "5")["most_open"] == 5
    assert [(each["name"], each["used_ms"]) for each in told("accounts", "list")] == [("app", 0)]
    shown = told("accounts", "show", "app")
    assert (shown["most_open"], shown["unlimited"]) == (5, False)
    assert [(each["move"], each["ms"], each["ref"]) for each in shown["ledger"]] == [
        ("grant", 90_000, "welcome")
    ]
    assert told("accounts", "webhook", "app") == {"url": None, "low_ms": None}
    named = told("accounts", "webhook", "app", "http://127.0.0.1:9/hook", "--low", "60")
    assert named.pop("secret").startswith("whsec_")
    assert named == told("accounts", "webhook", "app") == {"url": "http://127.0.0.1:9/hook", "low_ms": 60_000}
    assert told("accounts", "top-ups") == told("webhooks") == []
    assert told("webhooks", "replay", "--all") == {"replayed": 0}
    owed = told("owed")
    assert (owed["due"], owed["kept_msat"], owed["ledger"]["received_msat"]) == ([], 0, 0)
    refused = run(tmp_path, "l402", "revoke", "lnbc1", "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_the_house_has_an_account_where_that_is_set(tmp_path):
    assert run(tmp_path, "accounts", "list").stdout == ""

    assert "free without end" in run(tmp_path, "accounts", "show", "house", house_account="true").stdout
    assert run(tmp_path, "keys", "create", "me", "--account", "house", house_account="true").exit_code == 0
    assert "free 0 s" in run(tmp_path, "accounts", "show", "house").stdout


def test_what_is_owed_is_listed_and_ended_by_commands(tmp_path):
    listed = run(tmp_path, "owed")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert listed.stderr.startswith("msat received 0, refunded 0, fees 0, kept 0;")

    for preimage, reason in (("zz", "64 hex digits"), ("00" * 32, "no preimage of an invoice of order 1")):
        refused = run(tmp_path, "owed", "paid", "1", preimage)
        assert (refused.exit_code, reason in refused.stderr) == (1, True)


async def test_what_was_paid_and_never_asked_for_is_owed_and_told_apart_from_what_failed(closed_shop):
    async with closed_shop.open() as shop:
        unpaid, unasked, failed, delivered = [await shop.quote() for _ in range(4)]
        for invoice in (unasked, failed, delivered):
            shop.clock.pass_by(seconds=2)  # the node tells payments by the second
            shop.node.pay(invoice)
        shop.worker.answer = (400, "Nobody can say that.")
        assert (await shop.video(failed)).status_code == 400
        shop.worker.answer = None
        assert (await shop.video(delivered)).status_code == 200
        assert (await shop.video(unpaid)).status_code == 400
        amount = (EVERY_BITCOIN - shop.node.inbound) // 3

        listed = await asyncio.to_thread(run, shop.folder, "owed")

        rows = [line.split("\t") for line in listed.stdout.splitlines()]
        assert [(number, state, int(msat)) for number, state, msat, *_ in rows] == [
            ("2", "unasked", amount),
            ("3", "failed", amount),
        ]
        assert f"not asked for {amount}" in listed.stderr
        told = answer(await asyncio.to_thread(run, shop.folder, "owed", "--json"))
        assert [(each["order_id"], each["state"], each["amount_msat"]) for each in told["due"]] == [
            (2, "unasked", amount),
            (3, "failed", amount),
        ]
        assert (await shop.video(unasked)).status_code == 200
        again = await asyncio.to_thread(run, shop.folder, "owed")
        assert "unasked" not in again.stdout


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "SATSPEAK_LND_ADDRESS"),
        ({"port": "x"}, "SATSPEAK_PORT"),
        ({"lnd_address": "127.0.0.1:1"}, "SATSPEAK_LND_TLS_CERT"),
        ({"lnd_address": "127.0.0.1:1", "lnd_tls_cert": "/nowhere"}, "SATSPEAK_LND_TLS_CERT"),
        ({"lnd_address": "127.0.0.1:1", "lnd_tls_cert": __file__, "lnd_macaroon": __file__}, "not PEM"),
        ({"btc_usd": "much"}, "SATSPEAK_BTC_USD"),
    ],
)
def test_a_setting_that_cannot_work_stops_the_start_by_its_name(tmp_path, settings, named):
    program = run(tmp_path, **settings)

    assert program.exit_code == 1
    assert named in program.stderr
    assert isinstance(program.exception, SystemExit)


async def test_it_serves_without_its_node_and_stops_when_asked_to(tmp_path):
    macaroon = tmp_path / "macaroon"
    macaroon.write_bytes(b"\x02\x01\x03lnd")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = {
        "port": str(port),
        "lnd_address": "127.0.0.1:1",
        "lnd_tls_cert": str(CERTIFICATE),
        "lnd_macaroon": str(macaroon),
        "btc_usd": "fixed:65000",
        "worker_urls": "http://127.0.0.1:1",
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        env=environment(tmp_path / "data", **settings),
        stderr=subprocess.PIPE,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http, asyncio.timeout(30):
            while True:
                try:
                    health = await http.get("/health", timeout=10)
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
            quote = await http.post(
                "/lightning/request-video/text", json={"text": "Hello there."}, timeout=20
            )

        assert health.status_code == 503
        parts = health.json()["parts"]
        assert {"node", "worker", "settlements"} >= {
            name for name, part in parts.items() if part["status"] == "down"
        }
        assert parts["node"]["status"] == "down"
        assert (quote.status_code, "Retry-After" in quote.headers) == (503, True)
    finally:
        program.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, log = await program.communicate()
    assert program.returncode == -signal.SIGTERM, log  # uvicorn drains, then lets the signal do its work
    assert b"Traceback" not in log
    assert b"Hello there" not in log


def test_a_second_service_on_the_same_folder_is_refused(tmp_path):
    with alone(tmp_path), pytest.raises(SettingsError, match="SATSPEAK_DATA_DIR"), alone(tmp_path):
        pass
