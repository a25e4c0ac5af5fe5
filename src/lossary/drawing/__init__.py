"""The room of pictures: what a view of a loss shows, as plain data, and its SVG, PNG or PDF.

Only `render` knows matplotlib. Checks, records and pages may not come in.
"""
