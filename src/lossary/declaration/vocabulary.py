"""The closed vocabularies by which a loss is searched for, filtered and chosen: what it is for, and what goes in.

A word that is missing is added here, with what it means, and not in a loss file.
"""

from __future__ import annotations

# What a loss is for.
TASKS = {
    "regression": "a number is predicted",
    "counts": "a count of events is predicted",
    "binary": "one of two classes holds",
    "multi-class": "one of several classes holds",
    "multi-label": "any number of several labels holds",
    "segmentation": "each pixel or point has a class",
    "boxes": "the corners of boxes are predicted",
    "ranking": "items are put in order",
    "embeddings": "vectors are to lie close together or far apart",
    "sequences": "a sequence is aligned with another of different length, or is predicted word by word",
    "distributions": "a whole distribution is matched",
    "uncertainty": "the spread of the target is predicted with it",
    "generative": "data are generated, or a latent space is shaped",
    "distillation": "a model learns from the outputs of another one",
    "preference": "a model learns which of two answers is preferred",
    "reinforcement": "a policy learns from the rewards of what it did",
    "survival": "the time until an event is predicted, which may not have come yet",
}

# What goes in, besides a target.
TAKES = {
    "predictions": "real numbers in the unit of the target",
    "logits": "raw scores before a sigmoid or softmax",
    "distances": "how far the members of a pair lie apart",
    "cosines": "cosines of the angles between vectors",
    "scores": "raw scores whose sign or order decides",
    "probabilities": "numbers from 0 to 1",
    "log-probabilities": "logarithms of probabilities",
    "log-rates": "logarithms of expected counts",
    "rates": "expected counts",
    "ratios": "probabilities under a new policy divided by those under the old one",
    "variances": "squared spreads",
    "class indices": "the number of the class that holds",
    "binary labels": "0 or 1",
    "signs": "1 or -1",
    "label lists": "the numbers of the classes that hold",
    "counts": "whole numbers from 0",
    "values": "real numbers to predict",
    "vectors": "embeddings or features",
    "weights": "the weights of a layer",
    "lengths": "how much of a padded sequence counts",
    "masks": "which elements belong to a region",
    "boxes": "corners of boxes",
    "pairs": "two members of a pair",
    "triplets": "an anchor, a positive and a negative",
}
