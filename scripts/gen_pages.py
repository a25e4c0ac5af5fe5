"""Hands the generated site to MkDocs: mkdocs-gen-files runs this at each build."""

import sys
from pathlib import Path

import mkdocs_gen_files
from mkdocs.exceptions import PluginError
from mkdocs_gen_files.editor import FilesEditor

# `mkdocs serve` keeps modules between builds; an edit to the package must count at the next one.
for name in [name for name in sys.modules if name.partition(".")[0] == "lossary" and name != "lossary.mathml"]:
    del sys.modules[name]

from lossary.errors import LossaryError  # noqa: E402
from lossary.publishing.cache import default_cache  # noqa: E402
from lossary.publishing.progress import console  # noqa: E402
from lossary.publishing.site import ROOM, Build, articles, navigation, origins, site  # noqa: E402

config = FilesEditor.current().config
try:
    build = Build(
        address=config.site_url or "",
        strict=not config.extra["serving"],
        # Beside the configuration, wherever MkDocs is called from.
        cache=default_cache(Path(config.config_file_path).parent),
        progress=console(),
        directory_urls=config.use_directory_urls,
    )
    made, room = {}, ROOM
    for path, data in site(build):
        if path.endswith(".md") or room < len(data):
            with mkdocs_gen_files.open(path, "wb") as file:
                file.write(data)
        else:
            made[path] = data  # for the hook on_files
            room -= len(data)
    config.extra["made"] = made
except LossaryError as error:
    # One message for people instead of a traceback; nothing is published.
    raise PluginError(str(error)) from None
for page, source in origins().items():
    mkdocs_gen_files.set_edit_path(page, f"../{source}")
config.nav = [*navigation(), *articles(), "python.md", "use-in-docs.md", "about.md"]
