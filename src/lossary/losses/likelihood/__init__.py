"""Likelihoods and scores

The model predicts a distribution: by its mean, by its parameters, or by the probabilities of the outcomes.

A negative log-likelihood is the lower the likelier a target is. A deviance is twice what a likelihood lacks to the best
that is possible. A proper score is lowest on average for the distribution that the targets really have.
"""
