"""The inbox: what is a scene, what belongs to one, and what is passed over aloud."""

from __future__ import annotations

from support.scene_files import NORTH, WEST, ground, north_up, opened, write

from tumangang_watch.watch.inbox import content_of, look_into, passed_over, sidecars


def test_tiles_arrive_as_one_scene_whose_content_is_that_of_the_opened_one(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for col in (1, 2):
        place = north_up(0.5, WEST + 40 * (col - 1), NORTH)
        write(inbox / f"p_R1C{col}.tif", ground(seed=col), transform=place, metadata={"gsd": 0.7})
    single = write(inbox / "single.tif")
    write(inbox / "p_browse.tif", ground(3, dtype="uint8"))
    arrivals = look_into(inbox, float("inf"), 0.0)
    assert [a.place for a in arrivals] == ["p_R1C1.tif", "single.tif"]
    for arrival in arrivals:
        assert content_of(arrival.path) == opened(arrival.path).sha256
    assert inbox / "p_R1C2.tif" in sidecars(arrivals[0].path)
    assert sidecars(single) == []


def test_links_and_files_of_other_kinds_are_counted_aloud(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    assert str(passed_over(inbox)) == ""
    (inbox / "s.tif").symlink_to(write(tmp_path / "s.tif"))
    (inbox / "order.zip").write_bytes(b"")
    (inbox / "preview.jpg").write_bytes(b"")
    assert look_into(inbox, float("inf"), 0.0) == []
    words = "Passed over: 1 link (links are not followed) and 1 file of other kinds (.zip)"
    assert str(passed_over(inbox)) == words
