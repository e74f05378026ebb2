"""A group of commands that loads one when it is run, so that `--help` needs none of them."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A `click.Group` some of whose commands stand in modules that are not loaded yet.

    Args:
        lazily: By name, `module:attribute` and the line that `--help` shows.
        arguments: As `click.Group` has them.
    """

    def __init__(self, *arguments: Any, lazily: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lazily = lazily

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all names."""
        return sorted({*super().list_commands(ctx), *self._lazily})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self._lazily:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazily[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what `--help` shows of them, without loading any."""
        lines = []
        for name in self.list_commands(ctx):
            if name in self._lazily:
                lines.append((name, self._lazily[name][1]))
            elif (command := super().get_command(ctx, name)) is not None and not command.hidden:
                lines.append((name, command.get_short_help_str(limit=80)))
        with formatter.section("Commands"):
            formatter.write_dl(lines)
