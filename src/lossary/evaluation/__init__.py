"""The room of numbers: torch called on inputs, formulas run over balls, and the points at which both are asked.

Only here, and in loss files, is torch known. Whether a number is right, and how it is told or drawn, may not come in.
"""
