"""Looks at what stands around the service: prices, rows, bytes, workers, the disk, the clock."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from service.doctor.finding import Finding, failed, ok, warning
from service.errors import Unavailable
from service.jobs.port import Objects
from service.pricing.port import RateSource, RateUnavailable

PROBE_S = 10.0

GIB = 2**30
LEAST_FREE, COMFORTABLE_FREE = 1 * GIB, 10 * GIB

CLOCK_TOLERANCE = timedelta(seconds=5)
"""`Date` is in whole seconds, and an answer takes a moment."""


async def rates(source: RateSource, *, usd_micros_per_second: int) -> tuple[Finding, int | None]:
    """Ask what a bitcoin costs; also what a minute of video costs then, in satoshi."""
    try:
        rate = await source.current()
    except RateUnavailable:
        return (
            failed(
                "prices",
                "No majority of the feeds agrees on a price",
                "Look whether this machine reaches api.coinbase.com, api.kraken.com and www.bitstamp.net, or set"
                " SATSPEAK_BTC_USD=fixed:PRICE.",
            ),
            None,
        )
    minute_sat = -(-usd_micros_per_second * 60 * 100_000_000 // rate.usd_micros_per_btc)
    price = rate.usd_micros_per_btc / 1_000_000
    return ok(
        "prices", f"${price:,.0f} for a bitcoin ({rate.source}); a minute costs {minute_sat:,} sat"
    ), minute_sat


def database(where: str, current: str | None, newest: str) -> Finding:
    """Compare the tables with those that this version has."""
    if current is None:
        return warning(
            "database", f"{where}: there are no tables yet", "The service makes them when it first starts."
        )
    if current != newest:
        return failed(
            "database",
            f"{where} is at migration {current}, this version at {newest}",
            "Make a backup, then restart the service, which brings it up to date; if the database is the newer one,"
            " install its version.",
        )
    return ok("database", f"{where}, migration {current}")


async def objects(store: Objects, where: str) -> Finding:
    """Write, read and delete a small object."""
    name, data = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(1000)
    try:
        await store.put(name, data)
        whole = b"".join([chunk async for chunk in store.read(name, 0, None)]) == data
        await store.delete(name)
    except (OSError, Unavailable) as error:
        return no_objects(where, error.__cause__ or error)
    if not whole:
        return failed(
            "object store", f"{where} gives back other bytes than it was given", "Use another store."
        )
    return ok("object store", f"{where} can be written to")


def no_objects(where: str, error: BaseException) -> Finding:
    """Tell of a store that cannot be opened, or not be written to."""
    return failed(
        "object store",
        f"{where} cannot be written to: {_first_line(error)}",
        "Look at SATSPEAK_OBJECTS_URL or SATSPEAK_DATA_DIR, the AWS_... variables, and whose the folder is.",
    )


async def workers(
    client: httpx.AsyncClient, urls: Sequence[str]
) -> tuple[list[Finding], Mapping[str, tuple[datetime, httpx.Headers]]]:
    """Ask each worker how it is; also when each answered, with what its clock says."""
    found, answered = [], {}
    for url in urls:
        name = "worker" if len(urls) == 1 else f"worker {url}"
        try:
            answer = await client.get(f"{url}/health", timeout=PROBE_S)
            answer.raise_for_status()
            health = answer.json()
            busy = f"{int(health['renders_active'])} renders"
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            found.append(
                failed(
                    name,
                    f"{url} does not answer as a worker: {_first_line(error) or type(error).__name__}",
                    "Start it (satspeak worker), or name the right one in SATSPEAK_WORKER_URLS.",
                )
            )
            continue
        answered[url] = (datetime.now().astimezone(), answer.headers)
        found.append(ok(name, f"{url} is there, {busy} at work"))
    return found, answered


def disk(folder: Path) -> Finding:
    """Look how much room is left where the data are."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    usage = shutil.disk_usage(there)
    free = f"{usage.free / GIB:.1f} of {usage.total / GIB:.0f} GiB are free at {folder}"
    if usage.free < LEAST_FREE:
        return failed("disk", free, "Make room: a database that cannot grow sells nothing.")
    if usage.free < COMFORTABLE_FREE:
        return warning("disk", free, "Shorten SATSPEAK_VIDEO_RETENTION_S, or move SATSPEAK_DATA_DIR.")
    return ok("disk", free)


def clock(answered: Mapping[str, tuple[datetime, httpx.Headers]]) -> Finding:
    """Compare our time with that of whoever answered."""
    for who, (here, headers) in answered.items():
        try:
            there = parsedate_to_datetime(headers["Date"])
        except (KeyError, ValueError):
            continue
        if (apart := abs(here - there)) > CLOCK_TOLERANCE:
            return failed(
                "clock",
                f"This machine and {who} are {apart.total_seconds():.0f} s apart",
                "Have both keep time (chrony, systemd-timesyncd): invoices and leases run by it.",
            )
    if not answered:
        return warning(
            "clock", "There is nobody to compare it with", "Start a worker, or let the feeds be reached."
        )
    return ok("clock", f"It agrees with {', '.join(answered)}")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200]
