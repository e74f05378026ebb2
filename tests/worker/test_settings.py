"""Settings from the environment and from options."""

from pathlib import Path

import msgspec
import pytest

from worker.settings import Settings


def test_defaults_serve_a_newcomer():
    settings = Settings.from_env({})

    assert (settings.host, settings.port, settings.provider) == ("127.0.0.1", 8020, "auto")
    assert settings.assets.name == "assets"


def test_text_from_the_environment_becomes_values():
    env = {
        "SATSPEAK_WORKER_PORT": "9000",
        "SATSPEAK_WORKER_ASSETS": "/packs",
        "SATSPEAK_WORKER_PROVIDER": "cpu",
    }

    settings = Settings.from_env(env)

    assert (settings.port, settings.assets, settings.provider) == (9000, Path("/packs"), "cpu")


def test_an_option_wins_over_the_environment():
    assert Settings.from_env({"SATSPEAK_WORKER_PORT": "9000"}, port="1", host=None).port == 1


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "high"), ("PORT", "70000"), ("PROVIDER", "tpu"), ("MAX_RENDERS", "0")]
)
def test_a_value_that_does_not_fit_is_refused_by_name(name, value):
    with pytest.raises(msgspec.ValidationError, match=name.lower()):
        Settings.from_env({f"SATSPEAK_WORKER_{name}": value})
