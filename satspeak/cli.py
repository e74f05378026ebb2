"""The command line."""
import click


@click.group()
def main() -> None:
    """Sell talking-head videos for Lightning payments."""
