"""Classification

Losses for a target that is a class. They charge a model for the probability that it gave to what did not happen.
"""
