"""The errors that people see: each says where, what, and how to mend it."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass

# What code of others may raise anywhere; `sys.exit()` is no Exception, and would end a run without a word.
RAISED = (Exception, SystemExit)
# How much of what somebody wrote a message repeats.
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlong = 40
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxtuple, _SHORT.maxdict = 4, 6, 6, 4
_LONGEST = 120
_LONGEST_WORDS = 600  # of an error that code of others raised
_LONGEST_NAME = 200  # no name is longer; to look for its like takes time that grows with its length


class LossaryError(ValueError):
    """A request that cannot be answered; its text is for the person who made it."""


@dataclass(frozen=True)
class Failure:
    """One thing wrong with one loss.

    Attributes:
        path: the file to mend.
        stage: what was being done: "load", "evaluate", "formula", "gradient", "property", "snippet", ...
        message: what is wrong, with the first offending point, and expected against got where there are any.
        parameters: the setting, in words; empty for the default or where none applies.
    """

    path: str
    stage: str
    message: str
    parameters: str = ""

    def __str__(self) -> str:
        setting = f" [{self.parameters}]" if self.parameters else ""
        return f"{self.path}: {self.stage}{setting}: {self.message}"


class CatalogError(LossaryError):
    """Losses that may not be published, all of them at once."""

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures = tuple(failures)
        count = len(self.failures)
        lines = "\n".join(f"  {failure}" for failure in self.failures)
        super().__init__(f"{count} failure{'s' * (count != 1)} in the catalog:\n{lines}")


def shown(value: object) -> str:
    """A value as a message repeats it: its repr, cut where it is long."""
    try:
        told = " ".join(_SHORT.repr(value).split())
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        told = "a number of thousands of digits"
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"


def told(error: BaseException) -> str:
    """What code of others raised, as a message repeats it: its kind and its words in one line, cut where it is long."""
    if isinstance(error, SystemExit):
        return f"SystemExit: the code calls sys.exit({'' if error.code is None else shown(error.code)})"
    try:
        words = " ".join(str(error).split())
    except Exception:  # an error's own words may fail as well
        words = "(its message cannot be read)"
    return f"{type(error).__name__}: {words if len(words) <= _LONGEST_WORDS else f'{words[:_LONGEST_WORDS]}…'}"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint such as ' (did you mean huber?)', or nothing."""
    return suggestion(close(word, known))


def close(word: str, known: Iterable[str]) -> list[str]:
    """The names that are spelt nearly like a word, nearest first; at most three."""
    if len(word) > _LONGEST_NAME:
        return []
    return difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)


def suggestion(names: Iterable[str]) -> str:
    """The hint that offers some names; nothing where there are none."""
    words = " or ".join(names)
    return f" (did you mean {words}?)" if words else ""
