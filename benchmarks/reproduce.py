"""Is every published claim judged right on the painted sequence, and contradicted when falsified?

    python -m benchmarks.reproduce [--falsify]

Without ``--falsify`` the sequence is painted and judged once. With it, claims are then made false one at
a time by painting one scene differently (a car removed, the order changed, a pile missing, a train added,
...), and the line of that claim has to come out contradicted. Scenes are PAINTED.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tumangang_watch.model.site import Site
from tumangang_watch.pipeline import RunContext
from tumangang_watch.reproduce.run import Reproduction, reproduce_folder
from tumangang_watch.settings import Settings
from tumangang_watch.simulate.sequence import (
    FIRST_SET,
    SEQUENCE,
    TRAIN_1,
    Shot,
    paint_sequence,
    sequence_site,
)
from tumangang_watch.sites import load_site

ORDER_CHANGED = ("red", "red", "grey", "grey", "grey", "grey", "light_grey", "brown")
EXPECTED = {("voa-2022-11-30", "it has 6 to 7 cars"), ("voa-2022-12-02", "it has 6 to 7 cars")}
"""VOA's counts where the painted train follows 38 North's eight: rightly contradicted."""


def shot(acquired: str) -> int:
    """Return the index of the first shot of a time."""
    return next(k for k, s in enumerate(SEQUENCE) if s.acquired == acquired)


def with_train(acquired: str, colours: tuple[str, ...], number: int = 0, kind: str | None = None) -> Shot:
    """Return a shot whose train has other cars."""
    old = SEQUENCE[shot(acquired)]
    trains = list(old.trains)
    track, _, was, share = trains[number]
    trains[number] = (track, colours, kind or was, share)
    return replace(old, trains=tuple(trains))


NOV_4, DEC_2, DEC_4, DEC_8 = (
    "2022-11-04T01:24:00Z",
    "2022-12-02T01:55:00Z",
    "2022-12-04T01:20:00Z",
    "2022-12-08T01:45:00Z",
)
YARD_30, YARD_1, KHASAN_29 = "2022-11-30T02:10:00Z", "2022-12-01T01:30:00Z", "2022-11-29T02:05:00Z"
FALSE: tuple[tuple[str, Shot, str, str], ...] = (
    ("a car removed, 30 Nov", with_train(YARD_30, TRAIN_1[:7]), "38n-2022-11-30", "it has 8 cars"),
    ("order changed, 30 Nov", with_train(YARD_30, ORDER_CHANGED), "38n-2022-11-30", "its"),
    ("other cars, 30 Nov", with_train(YARD_30, ("blue", "white") * 4), "38n-2022-11-30", "it is the train"),
    ("locomotive left in", with_train(YARD_30, TRAIN_1, kind="L box"), "38n-2022-11-30", "no locomotive"),
    ("a car removed, 29 Nov", with_train(KHASAN_29, TRAIN_1[:7]), "38n-2022-11-29", "it has 8 cars"),
    ("no locomotive, 29 Nov", with_train(KHASAN_29, TRAIN_1, kind="box"), "38n-2022-11-29", "a locomotive"),
    ("a car removed, 4 Nov", with_train(NOV_4, FIRST_SET[:2]), "38n-2022-11-04a", "it has 3"),
    ("order changed, 4 Nov", with_train(NOV_4, FIRST_SET[::-1]), "38n-2022-11-04a", "its"),
    (
        "a pile missing, 1 Dec",
        replace(SEQUENCE[shot(YARD_1)], cargo=(1, 1, 0, 1, 1)),
        "38n-2022-12-01",
        "5 piles",
    ),
    (
        "piles as large as before",
        replace(SEQUENCE[shot(DEC_2)], cargo=(1,) * 5),
        "38n-2022-12-01-next",
        "the piles are smaller",
    ),
    (
        "a train on the empty day",
        replace(SEQUENCE[shot(DEC_4)], trains=(("yard-2", ("red", "grey"), "box", 0.5),)),
        "voa-2022-12-04-morning",
        "no train",
    ),
    ("a car added, 8 Dec", with_train(DEC_8, ("brown",) * 4), "voa-2022-12-08", "it has 3 cars"),
)
"""What is falsified, the shot that does it, the observation, and the start of the claim."""


def judged(folder: Path, site: Site) -> Reproduction:
    """Judge what lies in a folder."""
    settings = Settings().with_trials(False)
    return reproduce_folder(folder, datetime.now(UTC), RunContext(site, settings))


def main() -> None:
    """Print a line a claim, then a line a falsification."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--falsify", action="store_true")
    arguments = parser.parse_args()
    site = sequence_site(load_site())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        list(paint_sequence(site, folder))
        lines = [j for j in judged(folder, site).judgements if j.verdict != "no scene"]
        right = 0
        for line in lines:
            wanted = "contradicted" if (line.observation, line.claim) in EXPECTED else "reproduced"
            right += line.verdict == wanted
            undecided = line.verdict == "not observable"
            mark = "right" if line.verdict == wanted else "undecided" if undecided else "WRONG"
            print(f"{mark:9}  {line.observation:26} {line.claim}: {line.verdict} ({line.why})", flush=True)
        print(f"{right} of {len(lines)} claims judged right on the painted sequence")
        if arguments.falsify:
            falsify(folder, site)


def falsify(folder: Path, site: Site) -> None:
    """Make one claim false at a time; only the scenes that its observation needs are measured."""
    caught = 0
    for words, changed, observation, start in FALSE:
        with tempfile.TemporaryDirectory() as name:
            needed = {
                s.name
                for s in SEQUENCE
                if s.name != changed.name and s.acquired in (YARD_30, YARD_1, KHASAN_29)
            }
            needed = needed if observation.startswith(("38n-2022-11-30", "38n-2022-12-01")) else set()
            for scene in needed:
                for file in folder.glob(f"{scene}*"):
                    (Path(name) / file.name).symlink_to(file)
            list(paint_sequence(site, Path(name), (changed,)))
            lines = [
                j
                for j in judged(Path(name), site).judgements
                if j.observation == observation and j.claim.startswith(start)
            ]
        caught += lines[0].verdict == "contradicted"
        print(f"{lines[0].verdict:14} {words}: {lines[0].claim}: {lines[0].why}", flush=True)
    print(f"{caught} of {len(FALSE)} falsified claims contradicted")


if __name__ == "__main__":
    main()
