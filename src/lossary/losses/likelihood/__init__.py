"""Likelihoods

The model predicts the parameters of a distribution, and the likelier they make a target, the less it costs: the losses
are minus the logarithm of the likelihood, up to terms that do not depend on the prediction.
"""
