"""Lossary's hooks, where MkDocs looks for them: search aliases, Markdown copies, the flag that tells serving."""

from mkdocs.plugins import event_priority

from lossary.hooks import on_config, on_page_content, on_page_markdown, on_post_build, on_startup

__all__ = ["on_config", "on_page_content", "on_page_markdown", "on_post_build", "on_startup"]

event_priority(-100)(on_post_build)  # after the search plugin has written its index
