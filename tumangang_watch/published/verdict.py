"""The words a claim is judged with."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["reproduced", "contradicted", "not observable", "no scene"]
