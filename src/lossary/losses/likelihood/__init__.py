"""Likelihoods and scores

The model predicts a distribution: by its mean, by its parameters, or by the probabilities of the outcomes.

A negative log-likelihood falls as the target becomes likelier. A deviance is twice the log-likelihood by which a prediction
falls short of a perfect one. A proper score is lowest on average for the distribution that the targets really have.
"""
