"""The figures of the README, each a command that compares side by side in one run."""
