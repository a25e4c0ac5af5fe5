"""Metric learning

Losses that compare vectors by their distance or their angle: what belongs together is pulled together, and what does
not is pushed apart until it is far enough away.
"""
