"""The room of notation: formulas as LaTeX, calls as code, values as words.

It turns declarations into text. What was measured or checked of a loss, and pages, may not come in.
"""
