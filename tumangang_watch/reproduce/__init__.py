"""What was published of the crossing: observations as data, and how each claim is judged."""

from __future__ import annotations

from tumangang_watch.reproduce.judge import judge
from tumangang_watch.reproduce.observations import (
    Claim,
    Evidence,
    Judgement,
    Observed,
    load_observations,
    match_scenes,
)

__all__ = ["Claim", "Evidence", "Judgement", "Observed", "judge", "load_observations", "match_scenes"]
