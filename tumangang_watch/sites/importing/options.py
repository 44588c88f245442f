"""What the user says of the sources."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What the user says of the sources."""

    roles: dict[str, str] = field(default_factory=dict)
    """Role by layer; "" stands for every other layer."""
    layers: tuple[str, ...] = ()
    id_field: str | None = None
    crs: str | None = None
    name: str = "site"
    """The site's name."""
