"""What is tried today: each loss and each trial has its turn, a day has few, and what changed is among them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import sample

TESTS = Path(__file__).parent
MARK = "pytest.mark.in_turns"
IN_TURNS = [
    path
    for path in sorted(TESTS.rglob("test_*.py"))
    if path != Path(__file__) and f"{MARK}(" in path.read_text("utf-8")
]

NAMES = [f"loss{k}" for k in range(101)]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 53, 101])
def test_every_loss_has_its_turn_once_in_a_round(count: int) -> None:
    slugs = NAMES[:count]
    days = -(-count // sample.SHARE)
    for start in (0, 739_000):
        each = [sample.of_the_day(slugs, start + k, []) for k in range(days)]
        assert sorted(slug for chosen in each for slug in chosen) == sorted(slugs)
        assert max(map(len, each)) <= sample.SHARE
        assert sample.of_the_day(slugs, start + days, []) == each[0]


def test_what_changed_is_tried_and_many_changes_in_turns() -> None:
    assert {"loss7", "loss8"} <= sample.of_the_day(NAMES, 3, ["loss7", "loss8", "gone"])
    most = sample.SHARE + sample.MOST_CHANGED
    assert max(len(sample.of_the_day(NAMES, day, NAMES)) for day in range(30)) <= most
    assert {slug for day in range(30) for slug in sample.of_the_day(NAMES, day, NAMES)} == {*NAMES}


def test_changed_losses_are_told_by_git(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        ("rev-parse", "HEAD"): ["b"],
        ("merge-base", "HEAD", "main"): ["a"],
        ("diff", "--name-only", "a"): ["src/lossary/losses/robust/huber.py", "src/lossary/losses/robust/__init__.py"],
        ("ls-files", "--others", "--exclude-standard"): ["src/lossary/losses/robust/new.py", "tests/mse.py"],
        ("diff", "--name-only", "HEAD~1"): ["src/lossary/losses/regression/l1.py"],
    }
    monkeypatch.setattr(sample, "git", lambda *asked: answers.get(asked, []))
    monkeypatch.setattr(sample, "changed_files", sample.changed_files.__wrapped__)
    assert sample.changed_losses() == {"huber", "new"}
    answers["merge-base", "HEAD", "main"] = ["b"]
    assert sample.changed_losses() == {"l1", "new"}
    answers.clear()
    assert sample.changed_losses() == set()


def test_every_trial_has_its_turn_once_in_a_round() -> None:
    each = [sample.in_turns(NAMES, 739_000 + k) for k in range(sample.ROUND)]
    assert sorted(name for chosen in each for name in chosen) == sorted(NAMES)
    assert max(map(len, each)) <= -(-len(NAMES) // sample.ROUND)


def test_a_change_is_seen_in_a_folder_and_not_beside_it() -> None:
    assert sample.touched(["docs/assets"], ["docs/assets/js/plot.js"])
    assert sample.touched(["mkdocs.yml"], ["mkdocs.yml"])
    assert not sample.touched(["docs/assets"], ["docs/assets.md", "docs/about.md"])
    assert not sample.touched(["docs/assets"], [])


def places(path: Path) -> list[str]:
    """The places that a module of tests says it tries, where it says so for all of its tests."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            calls = [c for c in ast.walk(node.value) if isinstance(c, ast.Call)]
            named = [c for c in calls if ast.unparse(c.func) == MARK]
            return [ast.literal_eval(argument) for call in named for argument in call.args]
    return []


@pytest.mark.parametrize("path", IN_TURNS, ids=lambda path: path.stem)
def test_what_goes_round_says_what_it_tries(path: Path) -> None:
    """In the module and not in a text of it, and by files that there are: else no change would ever be seen."""
    named = places(path)
    assert named
    assert [place for place in named if not (sample.ROOT / place).exists()] == []
