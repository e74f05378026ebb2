"""Settings come from the environment, and errors name the variable."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.settings import PREFIX, Settings, names

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_nothing_set_is_the_defaults():
    assert Settings() == Settings.from_env({"PATH": "/bin", "SATSPEAK_PORT": ""})


def test_values_are_read_as_what_they_are():
    settings = Settings.from_env(
        {"SATSPEAK_PORT": "9000", "SATSPEAK_DATA_DIR": "/srv/data", "SATSPEAK_USD_PER_SECOND": "0.033333"}
    )

    assert (9000, Path("/srv/data")) == (settings.program.port, settings.program.data_dir)
    assert (Decimal("0.033333"), 33_333) == (
        settings.quotes.usd_per_second,
        settings.quotes.usd_micros_per_second,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "x"),
        ("PORT", "70000"),
        ("USD_PER_SECOND", "free"),
        ("USD_PER_SECOND", "-1"),
        ("USD_PER_SECOND", "0.0000001"),
        ("USD_PER_SECOND", "NaN"),
        ("USD_PER_SECOND", "Infinity"),
        ("QUOTE_EXPIRY_S", "0"),
        ("PAYMENT_WAIT_S", "-5"),
        ("LEASE_S", "60"),
        ("RATE_FRESHNESS_S", "1000"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_URL", "mysql://db/satspeak"),
        ("OBJECTS_URL", "https://bucket"),
        ("RESUME_S", "0"),
        ("WORKER_URLS", "localhost:8020"),
        ("WORKER_URLS", "http://127.0.0.1:8020,localhost:8021"),
        ("WORKER_URLS", ","),
        ("QUOTES_PER_MINUTE", "-1"),
        ("OPEN_QUOTES_PER_CLIENT", "many"),
        ("TRUSTED_PROXIES", "127.0.0.1,proxy.local"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "*"),
        ("REFUND_FEE_LIMIT_PPM", "1000001"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_the_name_of_its_variable(variable, value):
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({PREFIX + variable: value})


def test_every_setting_is_in_the_example():
    named = set(re.findall(r"^#? ?(SATSPEAK_\w+)=", EXAMPLE.read_text(), re.MULTILINE))

    assert {PREFIX + name.upper() for name in names()} <= named
