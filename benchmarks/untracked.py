"""Print how well trains are found in a real yard whose tracks nobody drew.

``python -m benchmarks.untracked`` runs `detect` on both scenes of the labelled yard beside the checkout at
its site less its tracks: they are traced first. A vehicle counts as found where half of it lies under a
detected train; of the trains' ground the share within 1 m of a vehicle is right. ``--west`` reads with
networks that saw only the western half.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from benchmarks.standing import labelled_vehicles
from tumangang_watch.detect.tracks import view
from tumangang_watch.detect.trains import reading
from tumangang_watch.nets import read_weights
from tumangang_watch.pipeline import RunContext, detect
from tumangang_watch.scenes import SceneOptions, open_scene
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site

REAL = Path(__file__).resolve().parents[2] / "shared" / "imagery" / "muttenz_yard_2018"
NEAR_M = 1.0


def read_as_west() -> None:
    """Read strips and plain pictures with weights of fits that did not see the eastern half."""
    folder = Path(__file__).with_name("weights")
    west = {name: read_weights(folder / f"{name}_west.npz") for name in ("strip_net", "vehicle_net")}
    shipped = reading.weights
    for module in (reading, view):
        module.weights = lambda name: west[name] if name in west else shipped(name)  # type: ignore[attr-defined]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--west", action="store_true")
    if parser.parse_args().west:
        read_as_west()
    settings = Settings().with_trials(False)
    site = replace(load_site(REAL / "site.geojson"), tracks=())
    cars = labelled_vehicles(REAL, site.crs)
    x = np.array([c.centroid.x for c in cars])
    in_east = x > (x.min() + x.max()) / 2
    ground = shapely.union_all([c.buffer(NEAR_M) for c in cars])
    for name in ("scene_050.tif", "scene_025.tif"):
        done = detect(open_scene(REAL / name, SceneOptions(), settings.read), RunContext(site, settings))
        trains = [d for d in done.detections if d.kind == "train" and d.grade == "detected"]
        under = shapely.union_all([t.geometry for t in trains])
        found = [under.intersection(c).area > 0.5 * c.area for c in cars]
        right = under.intersection(ground).area / max(under.area, 1e-9)
        print(
            f"{name}: {len(trains)} trains; {np.mean(found):.2f} of {len(cars)} vehicles under them (eastern",
            f"half: {np.mean(found, where=in_east):.2f}), {right:.2f} of their ground on vehicles",
            flush=True,
        )


if __name__ == "__main__":
    main()
