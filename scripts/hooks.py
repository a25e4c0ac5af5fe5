"""Lossary's hooks, where MkDocs looks for them: search aliases, Markdown copies, the flag that tells serving."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

from lossary.hooks import on_config, on_page_content, on_page_markdown, on_post_build, on_startup

__all__ = ["on_config", "on_files", "on_page_content", "on_page_markdown", "on_post_build", "on_startup"]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Take over what gen_pages.py made besides pages: gen-files would write each to a folder of its own first."""
    for path, data in config.extra.pop("made").items():
        files.append(File.generated(config, path, content=data))


event_priority(-100)(on_post_build)  # after the search plugin has written its index
