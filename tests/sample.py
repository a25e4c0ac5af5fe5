"""What is tried today: on which losses a law that takes its time, and which trials of a module that costs minutes.

Of the losses a share that goes round with the days, so that each has its turn, and those whose file has changed; of
such modules a share as well, and all where something has changed that they try. `make test-all` tries all. So a day's
tests take about as long however many losses there are.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARE = 4  # losses of the share that goes round
# More changed losses than these are not all tried: the site's build holds each changed loss to its own checks anyway.
MOST_CHANGED = 4
ROUND = 3  # days in which each trial of a module that goes round has had its turn
# What the tests of the site stand on, whatever they try.
UNDER_THE_SITE = ("tests/website/conftest.py", "tests/website/tools.py", "mkdocs.yml", "pyproject.toml")
# The processes of one run must not disagree at midnight, and whoever wants the sample of another day can have it.
DAY = "LOSSARY_TEST_DAY"


def today() -> int:
    """The number of the day, the same for all processes that this one starts."""
    return int(os.environ.setdefault(DAY, str(datetime.now(UTC).date().toordinal())))


def of_the_day(slugs: Collection[str], day: int, changed: Collection[str]) -> frozenset[str]:
    """Every loss once in as many days as there are shares, and what changed."""
    return frozenset({*turn(slugs, day, SHARE), *turn(changed, day, MOST_CHANGED)}) & {*slugs}


def turn(slugs: Collection[str], day: int, most: int) -> list[str]:
    """At most so many of the losses, others each day until all have been."""
    days = max(1, -(-len(slugs) // most))
    return sorted(slugs)[day % days :: days]


def in_turns(trials: Collection[str], day: int) -> frozenset[str]:
    """Those trials of a module whose turn it is."""
    return frozenset(sorted(trials)[day % ROUND :: ROUND])


def touched(places: Collection[str], changed: Collection[str]) -> bool:
    """Whether one of the changed files is one of these or lies in one of these folders."""
    return any(path == place or path.startswith(f"{place}/") for path in changed for place in places)


@cache
def changed_files() -> frozenset[str]:
    """The files that differ from where this branch left the main one, on the main one from the commit before; and those
    that are not committed. None where git does not know.
    """
    head = git("rev-parse", "HEAD")
    left = [found for name in ("origin/main", "main") if (found := git("merge-base", "HEAD", name)) not in ([], head)]
    base = left[0] if left else ["HEAD~1"]
    return frozenset({*git("diff", "--name-only", *base), *git("ls-files", "--others", "--exclude-standard")})


def changed_losses() -> frozenset[str]:
    """The losses whose file has changed."""
    paths = [Path(name) for name in changed_files() if name.startswith("src/lossary/losses/")]
    return frozenset(path.stem for path in paths if path.suffix == ".py" and not path.stem.startswith("_"))


def git(*arguments: str) -> list[str]:
    """The lines that git says; none where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []
