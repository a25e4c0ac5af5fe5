"""Likelihoods

Losses that are minus the logarithm of a probability: the model predicts the parameters of a distribution, and each target is judged by how likely they make it.
"""
