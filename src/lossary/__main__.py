"""The program `lossary`, and `python -m lossary`."""

from lossary.commands.main import main
from lossary.publishing.worker import relax_garbage_collection


def run() -> None:
    """Run the command line in a process of its own."""
    relax_garbage_collection()
    main()


if __name__ == "__main__":
    run()
