"""One example a command, as its help prints it."""

from __future__ import annotations

PAIR = "fixtures/tumangang_2022-11-30_painted.tif fixtures/tumangang_2022-12-01_painted.tif"
LATER = "fixtures/tumangang_2022-12-01_painted.tif"
EXAMPLES = {
    "": f"tumangang-watch compare {PAIR} --out reports/2022-12-01",
    "compare": f"tumangang-watch compare {PAIR} --out reports/2022-12-01",
    "detect": f"tumangang-watch detect {LATER} --out reports/2022-12-01-one",
    "inspect": f"tumangang-watch inspect {LATER}",
    "settings": "tumangang-watch settings",
    "demo": "tumangang-watch demo --out demo",
    "reproduce": "tumangang-watch reproduce --scenes my_scenes --out published",
    "evaluate": "tumangang-watch evaluate out/demo fixtures/truth_2022-11-30_2022-12-01.json",
    "growth": "tumangang-watch growth points REPORT --out points.geojson",
    "growth points": "tumangang-watch growth points REPORT --out points.geojson",
    "growth area": "tumangang-watch growth area REPORT points.geojson",
    "archive": "tumangang-watch archive check --archive record.sqlite --reports REPORTS",
    "archive export": "tumangang-watch archive export --archive record.sqlite --out record.gpkg",
    "archive check": "tumangang-watch archive check --archive record.sqlite --reports REPORTS --files",
    "archive rebuild": "tumangang-watch archive rebuild --archive record.sqlite --reports REPORTS "
    "--scenes INBOX",
    "watch": "tumangang-watch watch INBOX --archive record.sqlite --reports REPORTS",
    "backfill": "tumangang-watch backfill SCENES --archive record.sqlite --reports REPORTS --jobs 8",
    "series": "tumangang-watch series --archive record.sqlite --reports REPORTS --out SERIES",
    "trains": "tumangang-watch trains --archive record.sqlite --reports REPORTS --out TRAINS",
    "site": "tumangang-watch site check my-yard.geojson",
    "site check": "tumangang-watch site check my-yard.geojson",
    "site import": "tumangang-watch site import osm.geojson yard.kml --out my-yard.geojson",
    "site add-reference": "tumangang-watch site add-reference my-yard.geojson SNOW.tif",
    "site show": f"tumangang-watch site show my-yard.geojson {LATER} --out look.png",
    "site trace": f"tumangang-watch site trace {LATER} --out traced.geojson",
    "review": 'tumangang-watch review walk --archive record.sqlite --reader "A. Kim"',
    "review list": "tumangang-watch review list --archive record.sqlite --unreviewed",
    "review show": "tumangang-watch review show 5e7273e4 --archive record.sqlite --reports REPORTS",
    "review summary": "tumangang-watch review summary --archive record.sqlite",
    "review reasons": "tumangang-watch review reasons",
    "review accept": "tumangang-watch review accept 5e7273e4 --archive record.sqlite",
    "review reject": "tumangang-watch review reject f9847a3f --reason shadow --archive record.sqlite",
    "review correct": "tumangang-watch review correct b655c813 --cars 6-7 --archive record.sqlite",
    "review withdraw": "tumangang-watch review withdraw 5e7273e4 --archive record.sqlite",
    "review add": "tumangang-watch review add 2022-11-30 --track yard-3 --from-m 300 --to-m 370 --cars 5 "
    "--archive record.sqlite",
    "review complete": "tumangang-watch review complete 2022-12-01 --archive record.sqlite",
    "review walk": 'tumangang-watch review walk --archive record.sqlite --reader "A. Kim"',
    "review export": "tumangang-watch review export look.gpkg --archive record.sqlite",
    "review import": "tumangang-watch review import look.gpkg --archive record.sqlite",
    "review truth": "tumangang-watch review truth REPORT --archive record.sqlite --out truth.json",
}
SECTIONS = {
    "Look at scenes": "compare detect inspect demo",
    "Keep a record": "watch backfill series trains archive",
    "Draw the place": "site",
    "Check and judge": "review evaluate growth reproduce settings",
}
"""Headings of the command line's help, and what stands under each."""
