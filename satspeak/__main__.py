"""`python -m satspeak` is `satspeak`."""

from satspeak.cli import main

main(prog_name="satspeak")
