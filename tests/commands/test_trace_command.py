"""``site trace`` on real files, and later scenes at a site that was traced."""

import hashlib
import json
from dataclasses import replace

import pytest
import shapely
from pyproj import Transformer
from shapely import Point
from shapely.affinity import rotate, translate
from support.command import run

from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.write import write_site
from tumangang_watch.sites import load_site


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A painted yard of three tracks: two scenes, a site file without tracks, the pair."""
    folder = tmp_path_factory.mktemp("yard")
    pair = make_pair(
        split_seeds("train")[5],
        0.5,
        tracks=3,
        length_m=180,
        trains=(1, 1),
        season="summer",
        geolocation_error_max_m=6,
    )
    earlier, later, site, _ = pair.write(folder)
    data = json.loads(site.read_text())
    data["features"] = [f for f in data["features"] if f["properties"]["role"] != "track"]
    bare = folder / "bare.geojson"
    bare.write_text(json.dumps(data))
    return pair, earlier, later, bare


@pytest.fixture(scope="module")
def traced(yard):
    _, earlier, _, bare = yard
    out = bare.with_name("traced.geojson")
    done = run("site", "trace", earlier, "--site", bare, "--out", out)
    assert done.returncode == 0, done.stderr
    return out, done.stderr


def test_the_tracks_of_a_painted_yard_are_traced(yard, traced):
    pair = yard[0]
    site = load_site(traced[0])
    assert site.crs == pair.world.site.crs
    lines = [t.line for t in pair.world.site.tracks]
    near = shapely.unary_union([t.line for t in site.tracks]).buffer(1.5)
    # Tracing finds most of the tracks, not all (README); what it says must be track.
    assert sum(line.intersection(near).length for line in lines) > 0.8 * sum(line.length for line in lines)
    rails = shapely.unary_union([t.line for t in pair.world.rails]).buffer(1.5)
    stray = sum(t.line.difference(rails).length for t in site.tracks)
    assert stray < 0.05 * sum(t.line.length for t in site.tracks)
    assert all(t.provisional and t.traced and t.accuracy_m is not None for t in site.tracks)
    assert "review them" in traced[1]


def test_the_site_remembers_its_scene(yard, traced):
    data = json.loads(traced[0].read_text())
    reference = data["reference_scene"]
    image = traced[0].with_name(reference["image"])
    assert hashlib.sha256(image.read_bytes()).hexdigest() == reference["image_sha256"]
    assert reference["sha256"] == hashlib.sha256(yard[1].read_bytes()).hexdigest()


def test_a_later_scene_is_registered_to_the_reference(yard, traced, tmp_path):
    done = run(
        "detect", yard[2], "--no-detectability", "--site", traced[0], "--out", tmp_path / "out", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    # What was traced lies where the site fit put the first scene; the later one must join it there.
    assert report["registration"]["tie_points"] > 0


def test_a_damaged_reference_falls_back_and_says_so(yard, traced, tmp_path):
    site = tmp_path / "site.geojson"
    site.write_bytes(traced[0].read_bytes())
    image = tmp_path / json.loads(site.read_text())["reference_scene"]["image"]
    image.write_bytes(traced[0].with_name(image.name).read_bytes()[:-100])
    done = run("detect", yard[2], "--no-detectability", "--site", site, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert any("reference image" in c and "instead" in c for c in json.loads(done.stdout)["caveats"])


def test_a_site_without_tracks_is_traced_first_and_says_so(yard, tmp_path):
    _, earlier, later, bare = yard
    done = run(
        "compare", earlier, later, "--no-detectability", "--site", bare, "--out", tmp_path / "o", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert any("the site has no tracks" in c and "were traced" in c for c in report["caveats"])
    trains = [d for d in report["detections"] if d["kind"] == "train" and d["grade"] == "detected"]
    assert len(trains) >= 1
    assert all("provisional" in " ".join(d["caveats"]) for d in trains)


def model_of(world, path, *, elsewhere):
    """Write a site whose geometry is a model known to 100 m; its tracks may run elsewhere."""
    if elsewhere:
        centre = shapely.unary_union([t.line for t in world.site.tracks]).centroid
        moved = [translate(rotate(t.line, 25, origin=centre), 20, 30) for t in world.site.tracks]
        tracks = tuple(replace(t, line=line) for t, line in zip(world.site.tracks, moved, strict=True))
        world = replace(world, site=replace(world.site, tracks=tracks))
    write_site(world, path)
    data = json.loads(path.read_text())
    for feature in data["features"]:
        feature["properties"] |= {"accuracy_m": 100}
        if feature["properties"]["role"] == "track":
            feature["properties"]["provisional"] = True
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_model_of_tracks_stands_where_rails_are_seen_and_says_where_to_search_where_not(
    yard, tmp_path, elsewhere
):
    pair, _, later, _ = yard
    path = model_of(pair.world, tmp_path / "site.geojson", elsewhere=elsewhere)
    done = run("detect", later, "--no-detectability", "--site", path, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    trains = [d for d in report["detections"] if d["kind"] == "train" and d["grade"] == "detected"]
    assert len(trains) == len(pair.days[1].trains)
    assert all(d["track"].startswith("traced") == elsewhere for d in trains)
    assert any("not surveyed" in c and "site trace" in c for c in report["caveats"]) == elsewhere
    assert not elsewhere or all(d["area"] == "yard" for d in trains)


def test_both_dates_lie_alike_on_the_tracks_that_were_traced_instead_of_a_model(yard, tmp_path):
    pair, earlier, later, _ = yard
    path = model_of(pair.world, tmp_path / "site.geojson", elsewhere=True)
    done = run(
        "compare", earlier, later, "--no-detectability", "--site", path, "--out", tmp_path / "o", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert any("not surveyed" in c for c in report["caveats"])
    to_site = Transformer.from_crs("EPSG:4326", pair.world.site.crs, always_xy=True)
    # The earlier scene lies where it says: a known error from where its ground is.
    error = pair.sensors[0].geolocation_error_m
    lines = {t.id: translate(t.line, *error) for t in pair.world.site.tracks}
    for date, day in (("earlier", pair.days[0]), ("later", pair.days[1])):
        trains = [d for d in report["detections"] if d["kind"] == "train" and d["date"] == date]
        assert len(trains) == len(day.trains) == 1
        middle = shapely.from_geojson(json.dumps(trains[0]["geometry"])).centroid
        at = Point(to_site.transform(middle.x, middle.y))
        assert min(lines, key=lambda name: lines[name].distance(at)) == day.trains[0].track


def test_an_input_is_never_written_over(yard):
    _, earlier, _, bare = yard
    done = run("site", "trace", earlier, "--site", bare, "--out", bare)
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1
