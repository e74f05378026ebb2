"""All programs may be started from one environment: each knows the variables of the others, and no more."""

import re
from pathlib import Path

import msgspec
import pytest

from service import settings as service
from service.errors import SettingsError
from worker import settings as worker

ROOT = Path(__file__).parent.parent
OURS = {service.PREFIX + name.upper() for name in service.names()}
WORKERS = {worker.PREFIX + name.upper() for name in worker.Settings.__struct_fields__}


def test_the_service_knows_what_every_other_program_reads():
    read = set()
    for package in ("regtest", "satspeak", "bench", "training"):
        for file in (ROOT / package).rglob("*.py"):
            read |= set(re.findall(r"(?:environ\w*\.get\(|envvar=)\"(SATSPEAK_\w+)\"", file.read_text()))

    assert WORKERS | read == service.OTHERS


def test_the_worker_knows_the_variables_of_the_service_that_begin_as_its_own():
    assert {name for name in OURS if name.startswith(worker.PREFIX)} == worker.OTHERS


def test_both_start_from_one_environment():
    everything = dict.fromkeys(OURS | service.OTHERS, "")

    assert service.Settings.from_env(everything) == service.Settings()
    assert (
        worker.Settings.from_env({"SATSPEAK_PORT": "1", "SATSPEAK_WORKER_URLS": "http://x"})
        == worker.Settings()
    )


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("SATSPEAK_LND_MACARON", "SATSPEAK_LND_MACAROON"),
        ("SATSPEAK_LND_REFUND_MACAROONS", "SATSPEAK_LND_REFUND_MACAROON"),
        ("SATSPEAK_WORKER_URL", "SATSPEAK_WORKER_URLS"),
        ("SATSPEAK_WORKER_THREAD", "SATSPEAK_WORKER_THREADS"),
    ],
)
def test_a_variable_that_is_misspelt_is_refused_by_the_name_of_the_nearest(misspelt, meant):
    with pytest.raises(SettingsError, match=rf"{misspelt} .* {meant}\?"):
        service.Settings.from_env({misspelt: "x"})


def test_the_worker_refuses_its_own_alone():
    with pytest.raises(msgspec.ValidationError, match=r"SATSPEAK_WORKER_PROT .* SATSPEAK_WORKER_PORT"):
        worker.Settings.from_env({"SATSPEAK_WORKER_PROT": "1"})
    worker.Settings.from_env({"SATSPEAK_LND_MACARON": "x"})  # the service will
