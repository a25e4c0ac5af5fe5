"""Preference

Losses that train a policy, such as a language model, by what was liked: from pairs of answers of which one was
preferred, or from actions and how much better they did than expected. Each compares the policy with an earlier one that
is not trained, and keeps it near in its own way.
"""
