"""The program `lossary`, and `python -m lossary`."""

from lossary.commands.main import main
from lossary.publishing.worker import short_lived


def run() -> None:
    """Run the command line in a process of its own."""
    short_lived()
    main()


if __name__ == "__main__":
    run()
