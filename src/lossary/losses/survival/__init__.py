"""Survival

Losses for the time until an event, which for some subjects has not come when they are last seen: of those, only that
the event comes later is known.
"""
