"""What is seen of a command that failed where it should not have."""

import click
import pytest
from click.testing import CliRunner

from tests.told import answer, told


@click.command()
@click.argument("way")
def command(way: str) -> None:
    click.echo("what it found is", err=True)
    if way == "refused":
        raise click.ClickException("no such purchase")
    if way == "broken":
        raise OSError("too many open files")
    click.echo("not JSON")


def test_a_command_that_fails_tells_how_and_what_it_said():
    with pytest.raises(AssertionError, match=r"(?s)status 1, SystemExit.*what it found is\nError: no such"):
        answer(CliRunner().invoke(command, ["refused"]))
    with pytest.raises(AssertionError, match=r"(?s)too many open files.*what it found is") as failed:
        told(CliRunner().invoke(command, ["broken"]))

    assert isinstance(failed.value.__cause__, OSError)


def test_what_is_no_json_is_shown():
    done = CliRunner().invoke(command, ["well"])

    assert told(done) == "not JSON\n"
    with pytest.raises(AssertionError, match=r"no JSON: 'not JSON\\n'; standard error: what it found is"):
        answer(done)
