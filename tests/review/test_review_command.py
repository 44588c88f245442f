"""The review in the terminal: what readers say, and what series, truth and confidence make of it."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import issued_reports as make
from support import review_runs

from tumangang_watch.archive import open_archive
from tumangang_watch.archive.rebuild import adopt, rebuild
from tumangang_watch.archive.record import Issued, add_report

DAYS = {0: "2022-01-01", 3: "2022-01-04", 6: "2022-01-07"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three dates; each has a train of 8 cars, one that could not be counted, and goods."""
    root = tmp_path_factory.mktemp("review")
    for day, earlier in ((0, None), (3, 0), (6, 3)):
        found = [make.train("t1", 8), make.train("t2", None, from_m=200), make.cargo()]
        findings = [make.finding()] if earlier is not None else []
        report = make.report(day, earlier=earlier, found=found, findings=findings, issue=make.issue())
        make.put(root / "reports", report, f"r{day}")
    with open_archive(root / "record.sqlite", write=True, create=True) as archive:
        adopt(archive, root / "reports", {})
    return root


@pytest.fixture
def root(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "review"))


def review(root, command, *arguments, **how):
    return review_runs.run("review", command, *arguments, "--archive", root / "record.sqlite", **how)


def listed(root, *filters):
    return json.loads(review(root, "list", "--json", *filters).stdout)


def series(root, *how):
    out = root / "series"
    archive = root / "record.sqlite"
    review_runs.run("series", "--archive", archive, "--out", out, "--no-pictures", "--overwrite", *how)
    with (out / "series.csv").open(newline="") as file:
        rows = {row["acquired"][:10]: row for row in csv.DictReader(file)}
    return rows, json.loads((out / "series.json").read_text())


def test_what_is_open_is_listed_and_settled_things_are_not(root):
    assert len(listed(root)) == 9
    assert {one["id"] for one in listed(root, "--until", "2022-01-01")} == {"t1", "t2", "c1"}
    assert len(listed(root, "--kind", "cargo", "--since", DAYS[3])) == 2
    assert len(listed(root, "--detections")) == 11
    key = next(one["key"] for one in listed(root) if one["id"] == "f1")
    done = review(root, "accept", key[:8], "--remark", "both wagons", installed=True)
    assert done.stderr.startswith("accepted: " + key[:8])
    assert len(listed(root)) == 8
    review(root, "reject", key[:8], "--reason", "parked_before", reader="lee")
    (disputed,) = listed(root, "--disagreed")
    assert [(r["reader"], r["verdict"], r["counts"]) for r in disputed["reviews"]] == [
        ("kim", "accepted", True),
        ("lee", "rejected", True),
    ]
    text = review(root, "show", "r3/f1").stdout
    assert "A train of 8 cars came." in text
    assert "accepted, by kim" in text
    assert "both wagons" in text
    assert "r3/chips/f1-" in text


def test_mistakes_are_told_in_one_line_and_nothing_is_kept(root):
    for arguments, why in (
        (("accept", "nothing"), "nothing of this name"),
        (("accept", "f1"), "more than one thing"),
        (("reject", "r3/f1"), "a rejection needs one"),
        (("reject", "r3/f1", "r6/nothing", "--reason", "snow"), "nothing of this name"),
        (("correct", "r3/f1"), "no value is given"),
        (("add", "2022-01", "--track", "1"), "3 dates"),
        (("add", DAYS[3], "--track", "9", "--from-m", "1", "--to-m", "9"), "unknown track"),
        (("add", DAYS[3], "--track", "1", "--from-m", "1", "--to-m", "9000"), "it is 500 m long"),
        (("add", DAYS[3], "--kind", "cargo"), "WKT"),
        (("add", DAYS[3], "--kind", "cargo", "--outline", "POINT(1 2)"), "it is no polygon"),
        (("complete", DAYS[3], "--area", "pier"), "was not seen"),
        (("list", "--since", "soon"), "not a date"),
        (("withdraw", "r3/f1"), "kim has not answered it"),
        (("walk",), "no terminal"),
    ):
        done = review(root, *arguments, status=2)
        assert done.stderr.count("\n") == 1
        assert why in done.stderr
    assert "--reader" in review(root, "accept", "r3/f1", reader=None, status=2).stderr
    assert "no reader" in review(root, "accept", "r3/f1", reader=" ", status=2).stderr
    assert not (root / "record.sqlite.reviews.jsonl").exists()


def test_series_without_review_are_the_detectors(root):
    before = series(root)
    review(root, "reject", "r3/t2", "--reason", "shadow")
    rows, content = series(root, "--review", "without")
    assert rows == before[0]
    assert content == before[1]
    assert {row["review"] for row in rows.values()} == {"without"}
    assert "without readers' reviews" in content["review"]["statement"]


def test_series_with_review_say_what_readers_say(root):
    review(root, "reject", "r0/t2", "--reason", "shadow")
    review(root, "accept", "r0/t1")
    review(root, "correct", "r3/t2", "--cars", "5", "--from-m", "200", "--to-m", "270")
    review(root, "add", DAYS[6], "--track", "1", "--from-m", "300", "--to-m", "370", "--cars", "4-6")
    rows, content = series(root, "--review", "with")
    first, second, third = (rows[DAYS[k]] for k in (0, 3, 6))
    assert (first["trains"], first["trains_low"], first["trains_high"]) == ("1", "1", "1")
    assert (first["cars"], first["cars_low"], first["uncounted"]) == ("8.0", "7.0", "0")
    assert first["reviewed"] == "1 accepted, 1 rejected, 1 open"
    assert (second["cars"], second["uncounted"]) == ("13.0", "0")
    assert (third["trains"], third["uncounted"]) == ("3", "1")
    assert float(third["length_m"]) == pytest.approx(112 + 70 + 70)
    assert third["reviewed"] == "1 added, 3 open"
    assert {row["review"] for row in rows.values()} == {"with"}
    assert content["review"]["counts"] == {
        "rejected": 1,
        "accepted": 1,
        "corrected": 1,
        "added": 1,
        "open": 6,
    }
    assert any("A train of 5 cars" in words for words in content["stays"])


def test_dispute_is_an_interval_and_never_settled_by_itself(root):
    review(root, "accept", "r0/t1", reader="kim")
    review(root, "reject", "r0/t1", "--reason", "snow", reader="lee")
    review(root, "accept", "r0/t2")
    row = series(root, "--review", "with")[0][DAYS[0]]
    assert (row["trains"], row["trains_low"], row["trains_high"]) == ("2", "1", "2")
    assert float(row["length_low_m"]) <= 70 < 182 <= float(row["length_high_m"])
    assert "1 disputed" in row["reviewed"]


def test_an_area_that_was_not_seen_stays_a_gap(root):
    unseen = make.report(9, seen=0.1, issue=make.issue())
    with open_archive(root / "record.sqlite", write=True) as archive:
        add_report(archive, Issued(unseen, "r9", make.sha("r9")))
    assert "was not seen" in review(root, "complete", "r9", "--area", "yard", status=2).stderr
    review(root, "accept", "r0/t1")
    assert series(root, "--review", "with")[0]["2022-01-10"]["trains"] == ""


def test_a_report_made_again_makes_a_review_stale_only_where_it_says_otherwise(root):
    review(root, "accept", "r6/t1", "r6/c1")
    review(root, "reject", "r6/t2", "--reason", "roof")
    again = make.report(
        6,
        earlier=3,
        issue=make.issue(2, ["r6"]),
        found=[make.train("other", 8, confidence=0.7), make.train("t2", 5, from_m=215)],
    )
    with open_archive(root / "record.sqlite", write=True) as archive:
        add_report(archive, Issued(again, "r6_r2", make.sha("r6_r2")))
    states = {one["id"]: one["state"] for one in listed(root, "--since", DAYS[6], "--all")}
    assert states == {"other": "accepted", "t2": "stale", "c1": "gone"}
    row = series(root, "--review", "with")[0][DAYS[6]]
    assert row["reviewed"] == "1 accepted, 2 stale"
    assert (row["trains"], row["trains_low"], row["trains_high"]) == ("2", "1", "2")
    assert (row["cargo"], row["cargo_low"], row["cargo_high"]) == ("0", "0", "1")


def test_reviews_outlive_the_archive(root):
    review(root, "accept", "r0/t1")
    review(root, "reject", "r3/t2", "--reason", "snow")
    before = listed(root, "--all")
    (root / "record.sqlite").write_bytes(b"lost")
    rebuild(root / "record.sqlite", root / "reports", list)
    assert listed(root, "--all") == before


# Reviews as truth


def evaluate(root, report, truth):
    return json.loads(review_runs.run("evaluate", root / "reports" / report, truth, "--json").stdout)


def test_reviews_are_a_truth_that_says_what_it_covers(root):
    review(root, "accept", "r3/t1")
    review(root, "reject", "r3/t2", "--reason", "shadow")
    archive = root / "record.sqlite"
    scores = evaluate(root, "r3", archive)
    trains, cargo = scores["trains"], scores["cargo"]
    assert (trains["true_positives"], trains["false_positives"], trains["precision"]) == (1, 1, 0.5)
    assert (trains["recall"], trains["false_negatives"]) == (None, None)
    assert trains["basis"] == "precision only: no area was wholly reviewed"
    assert (cargo["judged"], cargo["unjudged"], cargo["precision"]) == (0, 1, None)
    # An accepted value is the detector's own: it measures nothing.
    assert trains["cars_exact"] is None
    assert trains["length_error_median_m"] is None
    review(root, "add", DAYS[3], "--track", "1", "--from-m", "300", "--to-m", "370", "--cars", "5")
    review(root, "complete", DAYS[3])
    out = root / "truth.json"
    told = review(root, "truth", root / "reports" / "r3", "--out", out).stderr
    assert "wholly reviewed: yard (later), train" in told
    assert "looked over, but 1 open: yard (later), cargo" in told
    trains = evaluate(root, "r3", out)["trains"]
    assert (trains["recall"], trains["false_negatives"]) == (0.5, 1)
    assert trains["basis"] == "recall over yard (later)"
    assert evaluate(root, "r3", archive) == evaluate(root, "r3", out)


def test_a_corrected_value_measures_the_detector(root):
    review(root, "correct", "r3/t1", "--cars", "9", "--to-m", "136")
    trains = evaluate(root, "r3", root / "record.sqlite")["trains"]
    assert (trains["cars_exact"], trains["cars_within_1"], trains["cars_interval_covers"]) == (0.0, 1.0, 1.0)
    assert trains["length_error_median_m"] == pytest.approx(14)


def test_disputed_things_count_nowhere(root):
    review(root, "accept", "r3/t1", reader="kim")
    review(root, "reject", "r3/t1", "--reason", "snow", reader="lee")
    review(root, "accept", "r3/t2")
    trains = evaluate(root, "r3", root / "record.sqlite")["trains"]
    assert (trains["judged"], trains["unjudged"], trains["precision"]) == (1, 1, 1.0)


def test_a_truth_of_nothing_is_refused(root):
    done = review(root, "truth", root / "reports" / "r3", "--out", root / "truth.json", status=2)
    assert "nobody has reviewed" in done.stderr
    assert not (root / "truth.json").exists()


def test_summary_says_how_far_readers_agree(root):
    for name in ("r0/t1", "r0/t2", "r0/c1", "r3/t2"):
        review(root, "accept", name, reader="kim")
        review(root, "accept", name, reader="lee")
    review(root, "reject", "r3/c1", "--reason", "snow", reader="kim")
    review(root, "reject", "r3/c1", "--reason", "shadow", reader="lee")
    review(root, "reject", "r6/c1", "--reason", "snow", reader="kim")
    review(root, "accept", "r6/c1", reader="lee")
    told = json.loads(review(root, "summary", "--json").stdout)
    (pair,) = told["agreement"]
    assert (pair["readers"], pair["both"], pair["agree"]) == (["kim", "lee"], 6, 5)
    assert pair["share"]["estimate"] == pytest.approx(5 / 6, abs=1e-4)
    trains = next(r for r in told["precision"] if (r["of"], r["kind"]) == ("detection", "train"))
    assert (trains["judged"], trains["holds"]["estimate"], trains["stated"]) == (3, 1.0, 0.97)
    assert "kim and lee both judged 6: agree 0.83" in review(root, "summary").stdout


# In a terminal


def type_in(root, *lines, options=()):
    """Answer on a real terminal (None: the interrupt key); return what it showed and how it ended."""
    command = [review_runs.PROGRAM, "review", "walk", "--archive", root / "record.sqlite", *options]
    terminal, end = pty.openpty()
    around = {**os.environ, "TUMANGANG_WATCH_READER": "kim"}
    child = subprocess.Popen(
        list(map(str, command)),
        stdin=end,
        stdout=end,
        stderr=end,
        env=around,
        start_new_session=True,
        # Tests that run in the background ignore the interrupt key, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(end)
    shown, waiting, interrupted = b"", list(lines), False
    until = time.monotonic() + 120
    try:
        while True:
            # An interrupt that comes between the prompt and the read of the answer is not seen until
            # the read returns: who presses the key presses it again.
            while not select.select([terminal], [], [], 2)[0]:
                assert time.monotonic() < until, shown.decode()
                if interrupted:
                    child.send_signal(signal.SIGINT)
            shown += os.read(terminal, 4096)
            if shown.rstrip(b" ").endswith(b":") and waiting:
                line = waiting.pop(0)
                if line is None:
                    interrupted = True
                    child.send_signal(signal.SIGINT)
                else:
                    os.write(terminal, line.encode())
                shown += b"\n"
    except OSError:
        pass
    finally:
        os.close(terminal)
    return shown.decode(), child.wait(60)


def test_walking_keeps_each_answer_at_once(root):
    """Accept, reject by a reason's number, skip, correct after a slip; then the terminal is cut off."""
    shown, status = type_in(
        root,
        "a\n",
        "\n",
        "sure\n",
        "r\n",
        "1\n",
        "\n",
        "s\n",
        "c\n",
        "many\n",
        "6-7\n",
        "\n",
        "\n",
        "\n",
        "\n",
        "\n",
        "\n",
        None,
    )
    assert status == 130
    assert "not a number or range" in shown
    told = [
        (one["id"], r["verdict"], r["reason"], r["remark"])
        for one in listed(root, "--all")
        for r in one["reviews"]
    ]
    assert told == [
        ("t1", "accepted", None, "sure"),
        ("t2", "rejected", "shadow", ""),
        ("f1", "corrected", "wrong_count", ""),
    ]


def test_walking_can_be_left_and_taken_up(root):
    shown, status = type_in(root, "a\n", "\n", "\n", "q\n", options=("--kind", "cargo"))
    assert (status, "1 of 3" in shown) == (0, True)
    assert "1 answers kept, 2 left" in shown
    shown, _ = type_in(root, "q\n", options=("--kind", "cargo"))
    assert "1 of 2" in shown
