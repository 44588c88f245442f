"""What a run of `watch` did, and what it met."""

from __future__ import annotations

from dataclasses import dataclass, field

from tumangang_watch.watch.tasks import Failed


@dataclass(kw_only=True)
class IntakeTally:
    """What a run did."""

    made: list[str] = field(default_factory=list)
    """Folders of the reports that were recorded, new ones and found ones."""
    refused: list[Failed] = field(default_factory=list)
    """Scenes refused in this run."""
    faults: list[Failed] = field(default_factory=list)
    """Faults of the program met in scenes that reports could be made without."""
    strange: list[str] = field(default_factory=list)
    """Folders beside the reports that are left alone, and reports that are gone, a line each."""
    waiting: list[str] = field(default_factory=list)
    """Files that are not settled yet."""
    known: int = 0
    """Files whose content was known already."""
    unknown: bool = False
    """There are folders beside the reports that the archive does not know."""

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do, and would be nothing if all stayed as it is."""
        done = (self.made, self.refused, self.faults, self.strange, self.waiting)
        return not any(done) and not self.unknown
