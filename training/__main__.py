"""The commands that make `worker/assets`; run as `uv run --group training python -m training COMMAND`."""

import importlib

import click

_COMMANDS = (
    "faces-data",
    "sheet",
    "footage",
    "mouths",
    "pairs",
    "train",
    "morph",
    "compare",
    "listen",
    "export",
    "score",
    "truth",
    "checkpoint",
    "voices",
    "narrow",
)


class _Commands(click.Group):
    """Imports a command's module only when it is run: `sheet` needs no torch, `train` no OpenGL."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"training.{cmd_name.replace('-', '_')}").main
        return command


@click.command(cls=_Commands)
def main() -> None:
    """Pack what faces are drawn from; render the avatars; train the lips, convert those of others; take voices in."""


if __name__ == "__main__":
    main()
