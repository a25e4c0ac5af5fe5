"""Lets `python -m lossary` do what `lossary` does."""

from lossary.cli import main

main()
