"""The room of plots that move: the JavaScript of a loss along its sections, written from its formulas.

Whether that JavaScript says what torch says is for the room of checks; pages and still pictures may not come in.
"""
