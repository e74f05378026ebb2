"""The commands of people who buy; `satspeak.cli` names them, and loads one when it is run."""
