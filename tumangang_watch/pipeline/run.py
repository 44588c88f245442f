"""What every job shares: the site, the settings, who is told of progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tumangang_watch.errors import NotComparable
from tumangang_watch.model.observation import Registration
from tumangang_watch.model.scene import Scene
from tumangang_watch.model.site import Site
from tumangang_watch.settings import Settings

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True)
class RunContext:
    """What a run needs besides its scenes."""

    site: Site
    settings: Settings = field(default_factory=Settings)
    progress: Progress = _silent


def refuse_failed(registration: Registration, scene: Scene, what: str) -> None:
    """Raise where a scene could not be registered."""
    if registration.status == "failed":
        raise NotComparable(
            what,
            scene.image.name,
            registration.reason or "no reliable fit",
            "Say where it lies with --site-shift EAST,NORTH, or how well that is known with "
            "--geolocation-accuracy METRES, or keep a scene with the site to which it can be registered "
            "(site add-reference SITE SCENE)",
        )
