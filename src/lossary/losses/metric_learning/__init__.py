"""Metric learning

Losses that arrange vectors in space: what belongs together moves close, what does not moves away.
"""
