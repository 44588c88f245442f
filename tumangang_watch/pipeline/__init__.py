"""The only orchestration: open, prepare, detect, compare. No pixels are touched here."""

from tumangang_watch.detectability.describe import describe_scene
from tumangang_watch.pipeline.compare import compare, detect
from tumangang_watch.pipeline.prepare import open_pair, working_grid
from tumangang_watch.pipeline.run import RunContext

__all__ = ["RunContext", "compare", "describe_scene", "detect", "open_pair", "working_grid"]
