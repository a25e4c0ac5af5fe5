"""The room of the site: records, pages and files of losses that hold, made in processes of their own and kept.

What asks for a site, such as a command or a site generator, may not come in.
"""
