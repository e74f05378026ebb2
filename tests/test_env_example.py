"""`.env.example` names every setting of both programs, with the default that it really has."""

import re
from pathlib import Path

import pytest

from service import settings as service
from worker import settings as worker

EXAMPLE = (Path(__file__).parent.parent / ".env.example").read_text()
SET = dict(re.findall(r"^(SATSPEAK_\w+)=(.+)$", EXAMPLE, re.MULTILINE))
SHOWN = dict(re.findall(r"^# (SATSPEAK_\w+)=(.*)$", EXAMPLE, re.MULTILINE))
PROGRAMS = pytest.mark.parametrize("program", [service, worker], ids=["service", "worker"])


def names(program):
    fields = service.names() if program is service else worker.Settings.__struct_fields__
    return {program.PREFIX + name.upper() for name in fields}


def test_it_names_every_setting_and_nothing_else():
    assert set(SET) | set(SHOWN) == names(service) | names(worker)


@PROGRAMS
def test_what_it_shows_commented_out_is_the_default(program):
    shown = {name: value for name, value in SHOWN.items() if value and name in names(program)}

    assert program.Settings.from_env(shown) == program.Settings()


def test_a_copy_of_it_is_accepted():
    settings = service.Settings.from_env(SET)

    assert settings.lnd.lnd_address == SET["SATSPEAK_LND_ADDRESS"]
