"""The room of pictures: what a view of a loss shows, as plain data, and its SVG, PNG or PDF.

Matplotlib is known where pictures are laid out and given out: `render` on `layout`, `layout` on `line_charts` with its
`miniatures` and on `diagrams`, all on `lettering`. Checks, records and pages may not come in.
"""
