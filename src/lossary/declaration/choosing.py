"""The questions that lead from a task to a few losses; which losses an answer leads to, their own files say.

A place is where losses stand: a task and the answers given, such as `regression/outliers/fade`. A question that is
missing is added here, and not in a loss file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lossary.declaration.vocabulary import TASKS


@dataclass(frozen=True)
class Question:
    """A question and its answers by name: each what a reader says, and what comes then."""

    text: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Answer:
    """What a reader says. `then` is a further question, the task to go on at, or nothing where losses stand."""

    text: str
    then: Question | str | None = None


# For each task the first question; none where nothing needs to be asked.
QUESTIONS: Mapping[str, Question | None] = {
    "regression": Question(
        "What do you know about the targets and the errors?",
        {
            "plain": Answer(
                "All targets are about right, and the size of an error is what counts",
                Question(
                    "Which number should be predicted where the same inputs have several targets?",
                    {
                        "mean": Answer("Their mean, as for what will be added up"),
                        "median": Answer("Their median, or a value near it"),
                    },
                ),
            ),
            "outliers": Answer(
                "Some targets are wrong or far out",
                Question(
                    "How hard may a target that is far out still pull?",
                    {
                        "capped": Answer(
                            "Up to a limit and no harder, so that the loss stays convex",
                            Question(
                                "Can you say where ordinary errors end?",
                                {
                                    "limit": Answer("Yes, in the unit of the target"),
                                    "smooth": Answer("No, or the loss must be smooth everywhere"),
                                },
                            ),
                        ),
                        "fade": Answer("Less and less the farther out it is, but never nothing"),
                        "none": Answer(
                            "Not at all, once it is far enough",
                            Question(
                                "Where does an error become one that should not count?",
                                {
                                    "edge": Answer("At a limit that you can name"),
                                    "soft": Answer("Nowhere in particular: the pull should die away"),
                                },
                            ),
                        ),
                    },
                ),
            ),
            "relative": Answer(
                "The targets span orders of magnitude, and the ratio is what counts",
                Question(
                    "What is the loss for?",
                    {
                        "positive": Answer("Training, with targets that are all positive"),
                        "zeros": Answer("Training, and some targets are exactly zero"),
                        "report": Answer("A number to report"),
                    },
                ),
            ),
            "uneven": Answer(
                "Errors of the same size do not cost the same",
                Question(
                    "Which errors cost less?",
                    {
                        "side": Answer("Those on one side: too low and too high cost differently"),
                        "small": Answer("Small ones: below some size an error does not matter"),
                        "large": Answer(
                            "Large ones, for their size: the last small errors should still be corrected firmly"
                        ),
                    },
                ),
            ),
            "spread": Answer("How sure a prediction is should be predicted, too", "uncertainty"),
            "counts": Answer("The targets are counts of events", "counts"),
        },
    ),
    "counts": Question(
        "What is the loss for?",
        {
            "train": Answer(
                "Training",
                Question(
                    "How do the counts vary about their mean?",
                    {
                        "poisson": Answer("About as a Poisson distribution says: their variance is near their mean"),
                        "wide": Answer("More than that, with many zeros or a long tail"),
                        "ratio": Answer("They span orders of magnitude, and the ratio is what counts"),
                    },
                ),
            ),
            "report": Answer("A number to report"),
        },
    ),
    "binary": Question(
        "What do you need from the model?",
        {
            "probability": Answer(
                "A probability",
                Question(
                    "What does the model return?",
                    {
                        "score": Answer("A raw score, as a linear layer does"),
                        "probability": Answer("A probability already"),
                    },
                ),
            ),
            "decision": Answer(
                "The decision alone",
                Question(
                    "What kind of classifier is it?",
                    {
                        "margin": Answer("One for which points that are clearly right stop counting"),
                        "boosting": Answer("A boosted ensemble"),
                        "linear": Answer("A linear rule, as plain as possible"),
                    },
                ),
            ),
            "noise": Answer("That wrong labels do not spoil it"),
            "rare": Answer("That a rare class is found"),
            "report": Answer("A number to report"),
        },
    ),
    "multi-class": Question(
        "What matters most?",
        {
            "probability": Answer(
                "Good probabilities",
                Question(
                    "What does the model return?",
                    {
                        "scores": Answer("A raw score per class"),
                        "normalised": Answer("Probabilities, or their logarithms"),
                    },
                ),
            ),
            "decision": Answer("The decision alone, by a margin"),
            "noise": Answer("Some labels are wrong"),
            "rare": Answer("Some classes are rare, or matter more"),
            "many": Answer("The classes are so many that time or memory runs out"),
            "unseen": Answer("The classes to tell apart later are not those of the training"),
        },
    ),
    "multi-label": Question(
        "What will be done with the scores?",
        {
            "probability": Answer(
                "Each label is decided by its probability",
                Question(
                    "What does the model return?",
                    {
                        "scores": Answer("A raw score per label"),
                        "probabilities": Answer("A probability per label already"),
                    },
                ),
            ),
            "rare": Answer("The same, but nearly all labels of a sample are absent"),
            "order": Answer("The best few labels of each sample are taken"),
        },
    ),
    "segmentation": Question(
        "What is the result judged by?",
        {
            "pixels": Answer(
                "Each pixel by itself, or its probability",
                Question(
                    "How many classes may a pixel have?",
                    {
                        "one": Answer("Exactly one of several"),
                        "masks": Answer("Any number: each class has a mask of its own, or there is one class"),
                    },
                ),
            ),
            "overlap": Answer(
                "The overlap of whole masks",
                Question(
                    "Does a missed pixel cost the same as one too many?",
                    {
                        "same": Answer("Yes, as in the scores named Dice and IoU"),
                        "differ": Answer("No, missing is worse, or the reverse"),
                    },
                ),
            ),
            "small": Answer("Small objects before a large background"),
        },
    ),
    "boxes": Question(
        "May a predicted box lie apart from its target?",
        {
            "overlap": Answer("No, they overlap from the start, as matched anchors do"),
            "apart": Answer(
                "Yes",
                Question(
                    "What should be right besides the overlap?",
                    {
                        "overlap": Answer("Nothing more: boxes that miss should find their target"),
                        "centre": Answer("The centre, or the shape as well"),
                    },
                ),
            ),
        },
    ),
    "ranking": Question(
        "What do you know about the items?",
        {
            "pairs": Answer("Which one of two should come first"),
            "chosen": Answer("Which ones were chosen, and nothing about the rest"),
            "list": Answer("The grades or the order of a whole list"),
            "anchor": Answer("Which one of two is nearer to a third", "embeddings"),
            "time": Answer("Which one has an event first, as far as it was observed", "survival"),
        },
    ),
    "embeddings": Question(
        "What do the labels say?",
        {
            "pairs": Answer(
                "Two belong together, or do not",
                Question(
                    "How will vectors be compared?",
                    {
                        "distance": Answer("By their distance"),
                        "angle": Answer("By their angle, or by a measure of your own"),
                    },
                ),
            ),
            "triplets": Answer("One is nearer to the anchor than another one"),
            "partners": Answer("Two belong together, and nothing about the rest of the batch"),
            "classes": Answer("Each one has a class"),
        },
    ),
    "sequences": Question(
        "Is it known which position belongs to which label?",
        {
            "unknown": Answer("No, only the order of the labels is known"),
            "known": Answer(
                "Yes, each position has its own label, such as the next word",
                Question(
                    "How many labels are there?",
                    {
                        "few": Answer("Few enough that a score for each fits in memory"),
                        "many": Answer("Too many for that, or for the time there is"),
                    },
                ),
            ),
        },
    ),
    "distributions": Question(
        "How are the distributions given?",
        {
            "outcomes": Answer(
                "By the probabilities of outcomes",
                Question(
                    "Is one of them the reference, and the other one fitted to it?",
                    {
                        "reference": Answer(
                            "Yes, and the fitted one gives some probability to every outcome that occurs"
                        ),
                        "bounded": Answer("No, or the fitted one may rule out an outcome that occurs"),
                    },
                ),
            ),
            "samples": Answer("By samples"),
            "gaussian": Answer("By a mean and a variance"),
        },
    ),
    "uncertainty": Question(
        "What is known about the shape of the noise?",
        {
            "normal": Answer("It is about normal, and its spread is predicted"),
            "any": Answer("Nothing"),
        },
    ),
    "generative": Question(
        "What is trained?",
        {
            "code": Answer("The latent space of a variational autoencoder"),
            "reconstruction": Answer("What an autoencoder makes of its input"),
            "discriminator": Answer(
                "The discriminator of an adversarial network",
                Question(
                    "What should its score say?",
                    {
                        "probability": Answer("How probable it is that a sample is real"),
                        "distance": Answer("Which side a sample is on, or how far apart the two sides are"),
                    },
                ),
            ),
            "generator": Answer("The generator of an adversarial network"),
            "numbers": Answer("A model that draws numbers", "distributions"),
        },
    ),
    "distillation": Question(
        "What does the teacher give?",
        {
            "classes": Answer("Probabilities of classes"),
            "scores": Answer("Scores of the items of a list"),
            "vectors": Answer("Vectors, such as features"),
        },
    ),
    "preference": Question(
        "What is trained, and on what?",
        {
            "pairs": Answer("A policy, on pairs of answers alone"),
            "model": Answer("A reward model, on which answers people prefer"),
            "reward": Answer("A policy, on rewards", "reinforcement"),
        },
    ),
    "reinforcement": Question(
        "What is trained?",
        {
            "policy": Answer("The policy"),
            "value": Answer("The value of states or actions"),
            "preferences": Answer("A policy, on preferences and no rewards", "preference"),
        },
    ),
    "survival": None,
}


def places(task: str) -> Iterator[str]:
    """The places of a task, in order."""
    first = QUESTIONS[task]
    yield from [task] if first is None else _below(task, first)


def _below(path: str, question: Question) -> Iterator[str]:
    for name, answer in question.answers.items():
        if isinstance(answer.then, Question):
            yield from _below(f"{path}/{name}", answer.then)
        elif answer.then is None:
            yield f"{path}/{name}"


PLACES = tuple(place for task in TASKS for place in places(task))
