"""The inbox: what is a scene, what belongs to one, and what is passed over aloud."""

from __future__ import annotations

import os

from support.scene_files import NORTH, WEST, ground, north_up, opened, write

from tumangang_watch.watch import inbox as inbox_module
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


def test_links_in_a_circle_and_pipes_neither_hold_up_nor_hide_what_lies_beside_them(tmp_path):
    """A pipe has no end, and a link to itself cannot be asked what it is."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name in ("a.tif", ".hidden.tif", "z.json"):
        (inbox / name).symlink_to(name)
    (inbox / "root").symlink_to("/")
    write(inbox / "m.tif", metadata={"gsd": 0.7})
    for name in ("p.tif", "m.json", "m.xml", "m_udm2.tif"):
        os.mkfifo(inbox / name)
    (inbox / "order.zip").write_bytes(b"")
    assert [a.place for a in look_into(inbox, float("inf"), 0.0)] == ["m.tif"]
    assert str(passed_over(inbox)) == (
        "Passed over: 3 links (links are not followed) and 1 file of other kinds (.zip) "
        "and 4 special files (pipes, sockets, devices)"
    )
    assert opened(inbox / "m.tif").bands


def test_what_lies_beside_a_scene_is_looked_for_only_where_it_is_asked_whether_it_is_whole(
    tmp_path, monkeypatch
):
    for k in range(3):
        write(tmp_path / f"s{k}.tif")
    asked = []
    monkeypatch.setattr(inbox_module, "sidecars", lambda image: asked.append(image.name) or [])
    arrivals = look_into(tmp_path, float("inf"), 0.0)
    assert (len(arrivals), asked) == (3, [])
    assert arrivals[1].settled
    assert asked == ["s1.tif"]
