"""Generative adversarial networks

Losses of the scores that a discriminator gives: it learns to tell samples of the data from generated ones, and the
generator learns to be taken for real. Each loss here is of one of the two players, and its page says which.
"""
