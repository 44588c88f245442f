"""Sites that keep the scenes they were drawn on: ``site import --scene``, ``site add-reference``."""

import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from support.command import run

from tumangang_watch.simulate import make_pair, split_seeds
from tumangang_watch.simulate.paint import paint
from tumangang_watch.simulate.write import write_scene, write_site
from tumangang_watch.sites import load_site

ERROR_M = {"bare": (0.0, 0.0), "bare_later": (-5.0, 2.5), "snow": (3.0, -2.0), "snow_later": (7.0, -4.0)}
"""How far east and north each scene shows the ground of where it is."""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A yard drawn on a scene without snow, two scenes without and two with: the files."""
    folder = tmp_path_factory.mktemp("yard")
    pair = make_pair(split_seeds("train")[5], 1.0, tracks=2, length_m=160, trains=(1, 1), season="summer")
    days = {"bare": pair.days[0], "bare_later": pair.days[1]}
    for name, day in (("snow", pair.days[0]), ("snow_later", pair.days[1])):
        when = day.acquired.replace(month=12)
        days[name] = replace(day, snow_cover=0.9, season="winter", sun_elevation_deg=25.0, acquired=when)
    for seed, (name, day) in enumerate(days.items()):
        sensor = replace(pair.sensors[seed % 2], geolocation_error_m=ERROR_M[name])
        write_scene(paint(pair.world, day, sensor, seed), folder, name)
    write_site(pair.world, folder / "drawn.geojson")
    return folder


@pytest.fixture(scope="module")
def known(yard):
    """The site file with a reference of both seasons, and what was said when they were kept."""
    site = yard / "known.geojson"
    made = run(
        "site", "import", yard / "drawn.geojson", "--scene", yard / "bare.tif", "--out", site, status=0
    )
    return site, made.stderr + run("site", "add-reference", site, yard / "snow.tif", status=0).stderr


@pytest.fixture
def copied(known, tmp_path):
    """A copy of the site file and of its images, to be spoilt."""
    for file in known[0].parent.glob("known.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / known[0].name


def shift_by(site, scene, folder):
    """Return the shift that ``site show`` says, and the rest of its words."""
    said = run("site", "show", site, scene, "--out", folder / f"{scene.stem}.png", status=0).stderr
    found = re.search(r"moved ([+-][\d.]+) m east, ([+-][\d.]+) m north(.*)", said, re.DOTALL)
    return [float(found[1]), float(found[2])], found[3]


def repainted(yard, path, change=None, **profile):
    """Write the bare scene with other pixels or another place."""
    with rasterio.open(yard / "bare.tif") as source:
        values, names = source.read(), source.descriptions
        options = {**source.profile, **profile}
    with rasterio.open(path, "w", **options) as target:
        target.write(values if change is None else change(values))
        for band, role in enumerate(names, start=1):
            target.set_band_description(band, role)
    path.with_name(f"{path.stem}_metadata.json").write_bytes((yard / "bare_metadata.json").read_bytes())
    return path


def test_a_site_keeps_the_scene_it_was_drawn_on_and_one_of_another_season(yard, known):
    site, said = known
    data = json.loads(site.read_text())
    records = [data["reference_scene"], *data["reference_scenes"]]
    assert [record["name"] for record in records] == ["bare", "snow"]
    for record in records:
        image = site.with_name(record["image"])
        assert hashlib.sha256(image.read_bytes()).hexdigest() == record["image_sha256"]
        assert record["sha256"] == hashlib.sha256((yard / f"{record['name']}.tif").read_bytes()).hexdigest()
    assert "its scene bare" in said
    moved = re.search(r"snow is kept; moved by \((.*), (.*)\) m onto the site by its reference bare", said)
    assert np.hypot(float(moved[1]) + 3.0, float(moved[2]) - 2.0) < 0.4
    assert "reference_image" not in said


def test_a_displaced_scene_is_laid_by_the_reference_most_alike_and_the_report_names_it(yard, known, tmp_path):
    out = tmp_path / "out"
    done = run(
        *(
            "detect",
            yard / "snow_later.tif",
            "--no-detectability",
            "--site",
            known[0],
            "--out",
            out,
            "--json",
        ),
        status=0,
    )
    fit = json.loads(done.stdout)["registration"]["site_fit"]["later"]
    assert fit["reference"] == "snow"
    assert np.hypot(*np.add(fit["shift_m"], ERROR_M["snow_later"])) < 0.4
    assert "by its reference snow" in done.stderr
    assert "registered to snow" in (out / "report.html").read_text()
    moved, words = shift_by(known[0], yard / "bare_later.tif", tmp_path)
    assert np.hypot(*np.add(moved, ERROR_M["bare_later"])) < 0.4
    assert "by its reference bare" in words


def test_a_reference_of_other_ground_is_not_used_and_a_scene_given_again_takes_its_place(
    yard, copied, tmp_path
):
    other = repainted(yard, tmp_path / "other.tif", lambda values: values[:, ::-1, ::-1])
    for _ in range(2):
        run("site", "add-reference", copied, other, "--as-it-lies", status=0)
    assert len(load_site(copied).references) == 3
    moved, words = shift_by(copied, yard / "bare_later.tif", tmp_path)
    assert np.hypot(*np.add(moved, ERROR_M["bare_later"])) < 0.4
    assert "by its reference bare\n" in words
    assert "apart on the ground" not in words


@pytest.mark.parametrize("damage", ["missing", "no image"])
def test_a_reference_that_cannot_be_read_says_what_to_do_and_the_other_is_used(
    yard, copied, tmp_path, damage
):
    data = json.loads(copied.read_text())
    image = copied.with_name(data["reference_scene"]["image"])
    image.unlink()
    assert "site add-reference SITE SCENE" in run("site", "check", copied, status=0).stdout
    if damage == "no image":
        image.write_bytes(b"II*\0 nothing")
        data["reference_scene"]["image_sha256"] = hashlib.sha256(image.read_bytes()).hexdigest()
        copied.write_text(json.dumps(data))
    moved, words = shift_by(copied, yard / "bare_later.tif", tmp_path)
    assert np.hypot(*np.add(moved, ERROR_M["bare_later"])) < 0.5
    assert "by its reference snow" in words
    assert image.name in words
    assert "keep it anew with site add-reference" in words


def test_what_cannot_be_a_reference_is_refused_and_the_site_file_stays(yard, copied, tmp_path):
    before = copied.read_bytes()
    grey = repainted(yard, tmp_path / "grey.tif", lambda values: np.full_like(values, 900))
    with rasterio.open(yard / "bare.tif") as source:
        moved = rasterio.Affine.translation(20_000, 0) @ source.transform
    elsewhere = repainted(yard, tmp_path / "elsewhere.tif", transform=moved)
    told = run("site", "add-reference", copied, grey, "--as-it-lies", status=4).stderr
    assert "nothing to see" in told
    assert "outside the site" in run("site", "add-reference", copied, elsewhere, status=4).stderr
    assert copied.read_bytes() == before
    out = tmp_path / "again.geojson"
    told = run("site", "import", copied, "--scene", elsewhere, "--out", out, status=4).stderr
    assert "outside the site" in told
    assert not out.exists()
