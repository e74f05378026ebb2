"""How the operator's commands answer: lines for people, or one JSON value for programs."""

from typing import Any

import click
import msgspec

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def told(value: Any, *, as_json: bool) -> bool:
    """Print a value where programs read it; whether that was it."""
    if as_json:
        click.echo(msgspec.json.encode(value))
    return as_json
