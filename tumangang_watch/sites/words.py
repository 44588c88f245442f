"""What is said of a site file, as text for people."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch.sites.remarks import Remark


def one_line(text: str) -> str:
    """Return text on one line, control characters made visible: terminals obey those."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def remarks_text(file: Path, remarks: list[Remark]) -> str:
    """Return every remark explained: what, where, why it matters, what to do."""
    faults = sum(remark.level == "fault" for remark in remarks)
    verdict = f"refused, {count(faults, 'fault')}" if faults else "sound"
    doubts = len(remarks) - faults
    lines = [f"{file}: {verdict}" + (f", {count(doubts, 'doubt')}" if doubts else "")]
    for remark in remarks:
        place = f" (near {remark.lonlat[0]:.7f}, {remark.lonlat[1]:.7f})" if remark.lonlat else ""
        lines += [
            f"{remark.level}: {remark}{place}",
            f"    why it matters: {remark.matters}",
            f"    what to do: {remark.todo}",
        ]
    return "\n".join(one_line(line) for line in lines)


def count(number: int, word: str) -> str:
    """Return ``3 tracks`` or ``1 track``."""
    return f"{number} {word}" + ("" if number == 1 else "s")
