"""Rail activity in commercial satellite imagery: what stands in a yard, and what changed.

``import tumangang_watch as tw`` gives the names of `__all__`, each imported when first used: the command
line starts quickly. Types stand in ``__init__.pyi``, the example in ``docs/python.md``.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_PLACES = {
    "Comparison": "model.comparison",
    "Detection": "model.detection",
    "Finding": "model.finding",
    "Interval": "model.interval",
    "Report": "api",
    "Scene": "model.scene",
    "Settings": "settings",
    "Site": "model.site",
    "Vehicle": "model.detection",
    "compare": "api",
    "detect": "api",
    "load_site": "api",
    "open_scene": "api",
    "read_report": "api",
    "write_report": "api",
}
__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Face(ModuleType):
    """Keeps a name of `__all__` for what it stands for: ``tw.detect`` is the function, not the package."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _PLACES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
