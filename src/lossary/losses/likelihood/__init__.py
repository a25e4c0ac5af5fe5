"""Likelihoods

The model predicts the parameters of a distribution, and a target costs the less the likelier they make it: the losses
are minus the logarithm of the likelihood, up to terms that do not depend on the prediction.
"""
