"""The record comes out the same however scenes arrive, and however often its making is interrupted."""

from __future__ import annotations

import errno
import json
import os
import shutil
from xml.etree import ElementTree

import pytest
from support import quick_watch as quick
from support.command import run
from support.watch_kills import measure

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.check import check_archive
from tumangang_watch.archive.file import hold
from tumangang_watch.archive.rebuild import rebuild
from tumangang_watch.commands.watch import finish
from tumangang_watch.errors import Busy, InputRefused, OutputFailed
from tumangang_watch.watch.inbox import locate_scenes, look_into


@pytest.fixture
def root(tmp_path):
    quick.write_site(tmp_path / "site.geojson")
    (tmp_path / "in").mkdir()
    return tmp_path


def folders(root):
    return sorted(p.name for p in (root / "reports").iterdir() if p.is_dir() and p.name != "refused")


def standing(root):
    """Return what each scene is compared with, and against which further dates, by day."""
    with open_archive(root / "record.sqlite") as archive:
        assert check_archive(archive, root / "reports", files=True) == []
        rows = archive.connection.execute(
            """SELECT r.scene_id, (SELECT scene_id FROM scenes WHERE id = r.earlier),
               (SELECT json_group_array(scene_id) FROM (SELECT s.scene_id FROM backgrounds b
                JOIN scenes s ON s.sha256 = b.scene WHERE b.report = r.id ORDER BY 1))
               FROM current_reports r"""
        )
        return {scene: (earlier, json.loads(further)) for scene, earlier, further in rows}


def test_one_dated_report_a_scene_once(root):
    for day in (6, 0, 3):
        quick.write_scene(root / "in", day)
    assert len(quick.take_in_here(root).made) == 3
    assert folders(root) == [
        "2022-01-01T020000Z_day000",
        "2022-01-04T020000Z_day003",
        "2022-01-07T020000Z_day006",
    ]
    assert standing(root) == {
        "day000": (None, []),
        "day003": ("day000", []),
        "day006": ("day003", ["day000"]),
    }
    first = quick.state(root)
    again = quick.take_in_here(root)
    assert (again.made, again.refused, again.known) == ([], [], 3)
    assert quick.state(root) == first


def test_pages_hold_what_the_archive_holds(root):
    for day in (0, 3):
        quick.write_scene(root / "in", day)
    quick.take_in_here(root)
    page = (root / "reports" / "index.html").read_text()
    assert page.index("2022-01-04T020000Z_day003/report.html") < page.index(
        "2022-01-01T020000Z_day000/report.html"
    )
    assert "http" not in page.replace("http-equiv", "")
    feed = ElementTree.parse(root / "reports" / "feed.xml").getroot()
    atom = "{http://www.w3.org/2005/Atom}"
    (entry,) = feed.findall(f"{atom}entry")
    assert entry.find(f"{atom}title").text == "The train is moved."
    ring = entry.find("{http://www.georss.org/georss}polygon").text.split()
    assert len(ring) == 10
    assert 42 < float(ring[0]) < 43
    assert 129 < float(ring[1]) < 132


def test_the_order_of_arrival_does_not_matter(root, tmp_path):
    """One by one in a bad order, or all at once: every scene is compared with the same dates in the end."""
    together, apart = root / "together", root / "apart"
    for place in (together, apart):
        quick.write_site(place / "site.geojson")
    for day in (9, 0, 6, 3):
        quick.write_scene(together / "in", day)
        quick.write_scene(apart / "in", day)
        quick.take_in_here(apart)
    quick.take_in_here(together)
    assert standing(apart) == standing(together)
    assert standing(apart)["day009"] == ("day006", ["day000", "day003"])
    assert len(folders(together)) == 4


def test_a_late_scene_takes_its_place_and_says_what_it_supersedes(root):
    for day in (0, 9):
        quick.write_scene(root / "in", day)
    quick.take_in_here(root)
    before = (root / "reports" / "2022-01-10T020000Z_day009" / "report.json").read_bytes()
    quick.write_scene(root / "in", 6)
    assert quick.take_in_here(root).made == ["2022-01-07T020000Z_day006", "2022-01-10T020000Z_day009_r2"]
    report = json.loads((root / "reports" / "2022-01-10T020000Z_day009_r2" / "report.json").read_text())
    (old,) = report["issue"]["supersedes"]
    assert old["folder"] == "2022-01-10T020000Z_day009"
    assert old["why"] == "day006 of 2022-01-07T02:00:00Z is the last look before it"
    assert any("supersedes 2022-01-10T020000Z_day009" in c for c in report["caveats"])
    assert (root / "reports" / "2022-01-10T020000Z_day009" / "report.json").read_bytes() == before
    assert "superseded" in (root / "reports" / "index.html").read_text()
    state = quick.state(root)
    assert quick.take_in_here(root).made == []
    assert quick.state(root) == state
    rebuild(root / "record.sqlite", root / "reports", lambda: locate_scenes(root / "in"))
    assert quick.state(root) == state


def told_of(root):
    """Return the standing findings: the scene, its earlier date and the change."""
    with open_archive(root / "record.sqlite") as archive:
        return sorted(
            archive.connection.execute(
                """SELECT r.scene_id, e.scene_id, f.change FROM findings f JOIN current_reports r
                   ON r.id = f.report JOIN scenes e ON e.id = r.earlier"""
            ).fetchall()
        )


def test_what_was_hidden_on_the_last_date_is_told_once_by_the_date_before(root):
    """The train's place is hidden on two dates; then it is seen to have moved since the date before."""
    for day in (0, 6):
        quick.write_scene(root / "in", day)
    for day in (1, 3):
        quick.write_scene(root / "in", day, hidden=True)
    quick.take_in_here(root)
    quick.write_scene(root / "in", 8)
    quick.take_in_here(root)
    expected = [("day006", "day000", "moved"), ("day008", "day006", "moved")]
    assert told_of(root) == expected
    assert len(quick.told(root)) == 2
    feed = (root / "reports" / "feed.xml").read_text()
    assert feed.count("<entry>") == 2
    last = [p for p in folders(root) if "day006" in p]
    issues = [json.loads((root / "reports" / p / "report.json").read_text())["issue"] for p in last]
    assert [len(i["tells"].get("yard", ())) for i in issues] == [0, 1, 2]
    # A date between them that comes late takes the finding over: nothing is told twice.
    quick.write_scene(root / "in", 5)
    quick.take_in_here(root)
    assert told_of(root) == [
        ("day005", "day000", "moved"),
        ("day006", "day005", "moved"),
        ("day008", "day006", "moved"),
    ]


def test_a_late_scene_that_says_what_is_usual_is_taken_into_later_reports(root):
    for day in (0, 9, 12):
        quick.write_scene(root / "in", day)
    quick.take_in_here(root)
    quick.write_scene(root / "in", 3)
    made = quick.take_in_here(root).made
    assert "2022-01-13T020000Z_day012_r2" in made
    assert standing(root)["day012"] == ("day009", ["day000", "day003"])
    report = json.loads((root / "reports" / "2022-01-13T020000Z_day012_r2" / "report.json").read_text())
    assert report["issue"]["supersedes"][0]["why"] == "other earlier dates say now what is usual"
    state = quick.state(root)
    assert quick.take_in_here(root).made == []
    rebuild(root / "record.sqlite", root / "reports", lambda: locate_scenes(root / "in"))
    assert quick.state(root) == state


def test_scenes_that_left_the_inbox_make_no_report_again_but_hinder_none(root):
    for day in (0, 3, 9):
        quick.write_scene(root / "in", day)
    quick.take_in_here(root)
    for path in (*(root / "in").glob("day000*"), *(root / "in").glob("day003*")):
        path.unlink()
    assert quick.take_in_here(root).made == []
    quick.write_scene(root / "in", 6)
    assert quick.take_in_here(root).made == ["2022-01-07T020000Z_day006", "2022-01-10T020000Z_day009_r2"]
    assert standing(root)["day009"] == ("day006", [])
    quick.write_scene(root / "in", 12)
    assert quick.take_in_here(root).made == ["2022-01-13T020000Z_day012"]
    assert standing(root)["day012"] == ("day009", ["day006"])
    assert quick.take_in_here(root).made == []


def test_content_decides_what_is_known(root):
    first = quick.write_scene(root / "in", 0)
    quick.take_in_here(root)
    shutil.copy(first, root / "in" / "a_copy.tif")
    os.rename(first, root / "in" / "renamed.tif")
    os.rename(root / "in" / "day000_metadata.json", root / "in" / "renamed_metadata.json")
    tally = quick.take_in_here(root)
    assert (tally.made, tally.refused) == ([], [])
    quick.write_scene(root / "in", 6)
    assert quick.take_in_here(root).made == ["2022-01-07T020000Z_day006"]
    assert standing(root)["day006"] == ("day000", [])


def test_two_contents_of_one_name_and_time_stay_apart(root):
    quick.write_scene(root / "in" / "a", 0)
    second = quick.write_scene(root / "in" / "b", 0)
    import rasterio

    with rasterio.open(second, "r+") as scene:
        scene.write(scene.read(1) + 1, 1)
    quick.take_in_here(root)
    first, other = folders(root)
    assert first == "2022-01-01T020000Z_day000"
    assert other.startswith("2022-01-01T020000Z_day000_")


def test_one_bad_scene_does_not_stop_the_rest_and_is_not_tried_every_night(root):
    (root / "in" / "bad.tif").write_bytes(b"no image")
    undated = quick.write_scene(root / "in", 3)
    sidecar = root / "in" / "day003_metadata.json"
    dated = sidecar.read_text()
    sidecar.unlink()
    quick.write_scene(root / "in", 0)
    tally = quick.take_in_here(root)
    assert [f.file for f in tally.refused] == ["bad.tif", undated.stem]
    assert folders(root) == ["2022-01-01T020000Z_day000"]
    assert "bad.tif" in (root / "reports" / "index.html").read_text()
    assert quick.take_in_here(root).refused == []
    sidecar.write_text(dated)
    assert quick.take_in_here(root).made == ["2022-01-04T020000Z_day003"]


def broken(kept, names):
    """Return a comparison that fails in a way not foreseen wherever one of these scenes takes part."""

    def compare(earlier, later, run, background=()):
        if earlier is not None and names & {s.id for s in (earlier, later, *background)}:
            raise IndexError("no such pixel")
        return kept(earlier, later, run, background)

    return compare


@pytest.mark.parametrize("day", [0, 3, 6])
def test_a_scene_in_which_the_program_fails_is_one_line_and_the_rest_is_done(root, monkeypatch, capsys, day):
    """Whether it is compared, compared with, or stands behind others; and the next night goes on."""
    monkeypatch.setattr(quick, "quick_compare", broken(quick.quick_compare, {f"day00{day}"}))
    for other in (0, 3, 6):
        quick.write_scene(root / "in", other)
    tally = quick.take_in_here(root)
    assert len(tally.made) == 3
    assert {f.exit_status for f in tally.faults} == {3}
    assert finish(quick.places_in(root), tally) == 3
    said = [line for line in capsys.readouterr().err.splitlines() if "fail" in line]
    assert said
    assert all("scene failed: day00" in line and "IndexError" in line for line in said)
    assert all("report this fault" in line for line in said)
    quick.write_scene(root / "in", 9)
    monkeypatch.undo()
    again = quick.take_in_here(root)
    assert "2022-01-10T020000Z_day009" in again.made
    assert again.faults == again.refused == []


def test_a_scene_that_cannot_even_be_looked_at_is_one_line(root, monkeypatch):
    from tumangang_watch.watch import work

    kept = work.working_grid

    def grid(scenes, run):
        return 1 / 0 if scenes[0].id == "day003" else kept(scenes, run)

    monkeypatch.setattr(work, "working_grid", grid)
    for day in (0, 3, 6):
        quick.write_scene(root / "in", day)
    tally = quick.take_in_here(root)
    (failed,) = tally.refused
    assert str(failed).startswith(
        "scene failed: day003.tif: unexpected fault (ZeroDivisionError, test_watch.py"
    )
    assert failed.exit_status == 3
    assert standing(root) == {"day000": (None, []), "day006": ("day000", [])}
    assert quick.take_in_here(root).refused == []


@pytest.mark.parametrize(
    "shortage",
    [MemoryError(), OSError(errno.EMFILE, "Too many open files"), OSError(errno.ENOMEM, "no room")],
)
@pytest.mark.parametrize("where", ["working_grid", "write_report"])
def test_a_shortage_of_the_machine_says_nothing_of_a_scene_and_the_next_run_takes_it_in(
    root, monkeypatch, shortage, where
):
    from tumangang_watch.watch import work

    kept = getattr(work, where)

    def short(*args, **options):
        if "day003" in repr(args[0] if where == "working_grid" else args[1]):
            raise InputRefused("scene refused", "day003.tif", "it cannot be read", "Deliver it") from shortage
        return kept(*args, **options)

    for day in (0, 3, 6):
        quick.write_scene(root / "in", day)
    with monkeypatch.context() as patch:
        patch.setattr(work, where, short)
        tally = quick.take_in_here(root)
    assert [f.what for f in tally.refused] == ["scene passed over"]
    assert finish(quick.places_in(root), tally) == 3
    assert "day003" not in standing(root)
    again = quick.take_in_here(root)
    assert again.refused == []
    assert standing(root) == {
        "day000": (None, []),
        "day003": ("day000", []),
        "day006": ("day003", ["day000"]),
    }


def test_an_inbox_of_visual_and_analytic_scenes_is_taken_in(tmp_path, shared):
    case = shared / "cases" / "faults" / "watch_mixed_inbox" / "inbox"
    if not case.is_dir():
        pytest.skip("the case is not here")
    shutil.copytree(case, tmp_path / "in")
    where = ("--archive", tmp_path / "a.sqlite", "--reports", tmp_path / "reports", "--settle", 0)
    run("watch", tmp_path / "in", *where, "--no-detectability", status=0)
    reports = sorted((tmp_path / "reports").glob("*_analytic/report.json"))
    reports = sorted([*reports, *(tmp_path / "reports").glob("*_visual/report.json")])
    assert len(reports) == 3
    bases = [json.loads(p.read_text())["scenes"].get("earlier", {}).get("acquired") for p in reports]
    assert [b and b[:10] for b in bases] == [None, "2022-11-30", "2022-12-01"]


def test_a_found_report_is_recorded_not_made_again(root):
    for day in (0, 3):
        quick.write_scene(root / "in", day)
    quick.take_in_here(root)
    state = quick.state(root)
    (root / "record.sqlite").unlink()
    assert len(quick.take_in_here(root).made) == 2
    assert quick.state(root) == state


def test_killed_at_random_points_nothing_is_lost_double_or_half():
    counts = measure(kills=6, seed=7)
    assert (counts.lost, counts.double, counts.half, counts.different) == (0, 0, 0, 0), counts


# Files that are not whole yet, and other runs


def test_a_file_is_settled_when_nothing_of_it_changed_for_a_while(root):
    path = quick.write_scene(root / "in", 0)
    os.utime(path, (0, 0))
    now_s = path.stat().st_ctime

    def settled(now_s):
        return [a.settled for a in look_into(root / "in", now_s, 10.0)]

    assert settled(now_s + 5) == [False]
    assert settled(now_s + 11) == [True]
    (root / "in" / "day000.tif.done").touch()
    assert settled(now_s + 5) == [True]
    (root / "in" / ".day001.tif.Xa3").write_bytes(b"")
    (root / "in" / "day000_udm2.tif").write_bytes(b"")
    (root / "in" / "link.tif").symlink_to(path)
    assert len(settled(now_s)) == 1


def watch(root, *more, status):
    record, reports, site = (root / name for name in ("record.sqlite", "reports", "site.geojson"))
    where = ("--archive", record, "--reports", reports, "--site", site)
    done = run("watch", root / "in", *where, *more, status=status)
    return done.stderr


def test_the_command_waits_for_growing_files_and_for_other_runs(root):
    quick.write_scene(root / "in", 0)
    assert watch(root, "--settle", "3600", status=75) == ""
    assert "Still growing: day000.tif" in watch(root, "--settle", "3600", "-v", status=75)
    with hold(root / "record.sqlite"):
        assert watch(root, status=75).count("\n") == 1
        with pytest.raises(Busy):
            quick.take_in_here(root)
    assert folders(root) == []


def test_the_command_says_what_is_wrong_with_how_it_is_called(root):
    assert "quotes" in watch(root, "--notify-command", "mail 'x", status=2)
    (root / "record.sqlite").write_bytes(b"")
    assert "archive damaged" in watch(root, status=6)


def test_an_inbox_named_from_where_one_stands_is_taken_in(root):
    (root / "in" / "bad.tif").write_bytes(b"no image")
    where = ("--archive", "record.sqlite", "--reports", "reports", "--site", "site.geojson")
    done = run("watch", "in", *where, "--settle", 0, status=3, cwd=root)
    assert "Refused: " in done.stderr
    assert "bad.tif" in done.stderr


# Notices


def test_every_finding_is_told_and_a_failing_command_is_made_up_for(root):
    for day in (0, 3, 6):
        quick.write_scene(root / "in", day)
    with pytest.raises(OutputFailed, match="status 1"):
        quick.take_in_here(root, command="/bin/false")
    assert quick.told(root) == set()
    quick.take_in_here(root)
    assert quick.told(root) == {"2022-01-04T020000Z_day003/f1", "2022-01-07T020000Z_day006/f1"}
    quick.write_scene(root / "in", 2)
    (root / "told").unlink()
    quick.take_in_here(root)
    assert "2022-01-03T020000Z_day002/f1" in quick.told(root)


def test_the_command_on_painted_scenes(root):
    """The real detectors in a process of their own: the record says what the report says."""
    from tumangang_watch.simulate import make_pair, split_seeds

    seed = split_seeds("train")[3]
    pair = make_pair(seed, 1.0, tracks=1, length_m=200, season="summer", trains=(1, 1), no_change=True)
    earlier, _, site, _ = pair.write(root / "painted")
    shutil.copy(site, root / "site.geojson")
    (root / "in").rmdir()
    shutil.copytree(root / "painted", root / "in")
    watch(root, "--settle", "0", "--no-detectability", status=0)
    first, second = folders(root)
    report = json.loads((root / "reports" / second / "report.json").read_text())
    found = [d for d in report["detections"] if d["date"] == "later"]
    with open_archive(root / "record.sqlite") as archive:
        rows = archive.connection.execute(
            """SELECT detection, kind, from_m, cars FROM detections d JOIN reports r ON r.id = d.report
               WHERE r.folder = ? AND date = 'later' ORDER BY d.id""",
            (second,),
        ).fetchall()
    assert rows == [(d["id"], d["kind"], d["from_m"], d["cars"] and d["cars"]["estimate"]) for d in found]
    assert report["scenes"]["earlier"]["id"] == earlier.stem
    assert watch(root, "--settle", "0", "--no-detectability", status=0) == ""
    assert folders(root) == [first, second]


def test_backfill_makes_the_record_that_watch_makes(root):
    for day in (0, 3):
        quick.write_scene(root / "in", day)
    where = ("--archive", root / "b.sqlite", "--reports", root / "b", "--site", root / "site.geojson")
    done = run("backfill", root / "in" / "day000.tif", root / "missing.tif", *where, status=3)
    assert done.stderr.count("\n") == 1
    from tumangang_watch.watch.inbox import given_scenes

    found = given_scenes([root / "in", root / "in" / "day000.tif"])
    assert [a.place for a in found] == [str(root / "in" / f"day00{d}.tif") for d in (0, 3)]
    assert all(a.settled for a in found)
