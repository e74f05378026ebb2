"""The figures of docs/figures.md, each a command that compares side by side in one run."""
