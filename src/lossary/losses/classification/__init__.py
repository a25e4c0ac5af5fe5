"""Classification

Losses for targets that are classes: one of several, several at once, or yes and no. Most charge minus the logarithm of
the probability that the model gives to the target, some with a factor or a term of their own. The margin losses among
them charge by how far the score of a true class falls short of leading those of the wrong classes by a margin.
"""
