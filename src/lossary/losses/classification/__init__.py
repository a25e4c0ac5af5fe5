"""Classification

Losses for targets that are classes: one of several, several at once, or yes and no. Most charge minus the logarithm of
the target's probability, some with a factor or a term of their own; margin losses charge by how far the score of a
true class falls short of leading the wrong ones by a margin.
"""
