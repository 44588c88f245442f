"""Kill the taking-in of scenes at random points and count what it costs: ``python -m benchmarks.watch_kill``.

Only the measuring of pixels is replaced by a quick one (`tests.support.watch_kills` says how it is done).
"""

from __future__ import annotations

import argparse

from tests.support.watch_kills import measure


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", choices=["fork", "spawn"], help="kill `watch --jobs 2` itself")
    chosen = parser.parse_args()
    counts = measure(chosen.kills, chosen.seed, chosen.workers)
    print(f"kills                       {counts.kills} in {counts.trials} trials (seed {chosen.seed})")
    print(f"workers left                {counts.workers}")
    print(f"reports lost                {counts.lost}")
    print(f"reports double              {counts.double}")
    print(f"reports by half             {counts.half}")
    print(f"ends unlike the undisturbed {counts.different} {counts.where or ''}")


if __name__ == "__main__":
    main()
