"""What commands share: progress on a terminal, settings of a run, what a user says of a scene."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from tumangang_watch.scenes import SceneOptions
from tumangang_watch.settings import Settings


@contextmanager
def progress_bar() -> Iterator[Callable[[str], None]]:
    """Show what is being done on a terminal; say nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    with Console(stderr=True).status("starting") as status:
        yield lambda text: status.update(text)


def run_settings(detectability: bool) -> Settings:
    """Return the settings of a run, with or without trials of what could have been missed."""
    settings = Settings()
    return replace(settings, detectability=replace(settings.detectability, enabled=detectability))


def scene_options(acquired: str | None, bands: str | None) -> SceneOptions:
    """Return what the user says of a scene, beside what it says itself."""
    return SceneOptions(acquired=acquired, bands=bands, latest=datetime.now(UTC))
