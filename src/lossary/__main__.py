"""Lets `python -m lossary` do what `lossary` does."""

from lossary.commands.main import main

main()
