"""The tables of the archive, and how an older file becomes a newer one.

Every table is STRICT and every reference is a foreign key. Times are ISO 8601 text in UTC (they sort),
geometries GeoJSON in lon/lat, lists and maps JSON text. Surrogate keys (``id``) are private to a file:
what names a scene is its ``sha256``, what names a report is its ``folder``.
"""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION_ID = 0x54574152
"""``TWAR`` in the file's header: how a file is known to be an archive of this program."""

_FIRST = (
    """CREATE TABLE scenes (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
        scene_id TEXT NOT NULL, file TEXT NOT NULL, acquired TEXT NOT NULL, provider TEXT NOT NULL,
        gsd_m REAL NOT NULL CHECK (gsd_m > 0),
        pixel_m REAL, sun_elevation_deg REAL, sun_azimuth_deg REAL, off_nadir_deg REAL,
        view_azimuth_deg REAL, cloud_fraction REAL, radiometry TEXT, snow_state TEXT, haze REAL,
        bands TEXT NOT NULL, licence TEXT,
        notes TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX scenes_by_time ON scenes (acquired)",
    """CREATE TABLE sites (
        id INTEGER PRIMARY KEY, site TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        crs TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE reports (
        id INTEGER PRIMARY KEY, folder TEXT NOT NULL UNIQUE,
        manifest_sha256 TEXT NOT NULL CHECK (length(manifest_sha256) = 64),
        site INTEGER NOT NULL REFERENCES sites, scene INTEGER NOT NULL REFERENCES scenes,
        earlier INTEGER REFERENCES scenes, inputs_sha256 TEXT NOT NULL,
        part INTEGER NOT NULL CHECK (part >= 0),
        revision INTEGER NOT NULL CHECK (revision >= 1),
        current INTEGER NOT NULL CHECK (current IN (0, 1)),
        changed INTEGER NOT NULL CHECK (changed IN (0, 1)),
        registration TEXT NOT NULL, tool_version TEXT NOT NULL, settings_sha256 TEXT NOT NULL,
        look TEXT,
        caveats TEXT NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX one_current_report ON reports (site, scene, part) WHERE current",
    "CREATE INDEX reports_by_scene ON reports (scene)",
    """CREATE TABLE backgrounds (
        report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, scene TEXT NOT NULL,
        PRIMARY KEY (report, scene)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE failed_pairs (
        report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, scene TEXT NOT NULL,
        why TEXT NOT NULL,
        PRIMARY KEY (report, scene)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE superseded (
        report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, folder TEXT NOT NULL,
        PRIMARY KEY (report, folder)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX superseded_by_folder ON superseded (folder)",
    """CREATE TABLE area_dates (
        report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, area TEXT NOT NULL,
        role TEXT NOT NULL,
        speaks INTEGER NOT NULL CHECK (speaks IN (0, 1)),
        status TEXT NOT NULL CHECK (status IN ('observed', 'partial', 'not_observable')),
        observed_earlier REAL, observed REAL, reasons TEXT NOT NULL,
        trains INTEGER, trains_low INTEGER, trains_high INTEGER,
        cars REAL, cars_low REAL, cars_high REAL, uncounted INTEGER,
        length_m REAL, length_low_m REAL, length_high_m REAL, fill REAL, fill_low REAL, fill_high REAL,
        cargo INTEGER, cargo_low INTEGER, cargo_high INTEGER,
        cargo_m2 REAL, cargo_low_m2 REAL, cargo_high_m2 REAL,
        worked_m2 REAL, worked_low_m2 REAL, worked_high_m2 REAL, types TEXT NOT NULL,
        PRIMARY KEY (report, area)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE track_dates (
        report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, track TEXT NOT NULL, area TEXT,
        length_m REAL NOT NULL, observed TEXT NOT NULL,
        PRIMARY KEY (report, track)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE detections (
        id INTEGER PRIMARY KEY, report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE,
        detection TEXT NOT NULL,
        date TEXT NOT NULL CHECK (date IN ('earlier', 'later')),
        kind TEXT NOT NULL,
        grade TEXT NOT NULL CHECK (grade IN ('detected', 'possible')),
        confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
        area TEXT, track TEXT, label TEXT, colour TEXT, from_m REAL, to_m REAL, track_distance_m REAL,
        length_m REAL, length_low_m REAL, length_high_m REAL, cars REAL, cars_low REAL, cars_high REAL,
        area_m2 REAL, area_low_m2 REAL, area_high_m2 REAL,
        height_m REAL, height_low_m REAL, height_high_m REAL, observed_fraction REAL,
        geometry TEXT NOT NULL, evidence TEXT NOT NULL, caveats TEXT NOT NULL,
        UNIQUE (report, detection)
    ) STRICT""",
    """CREATE TABLE vehicles (
        detection INTEGER NOT NULL REFERENCES detections ON DELETE CASCADE,
        position INTEGER NOT NULL CHECK (position >= 1),
        from_m REAL NOT NULL, to_m REAL NOT NULL, type TEXT NOT NULL, colour TEXT NOT NULL,
        confidence REAL, types TEXT NOT NULL, colours TEXT NOT NULL, load TEXT, load_evidence TEXT,
        PRIMARY KEY (detection, position)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE findings (
        id INTEGER PRIMARY KEY, report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE,
        finding TEXT NOT NULL, kind TEXT NOT NULL, change TEXT NOT NULL,
        grade TEXT NOT NULL CHECK (grade IN ('detected', 'possible')),
        confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
        area TEXT, track TEXT, earlier TEXT, later TEXT, amount REAL, amount_low REAL, amount_high REAL,
        unit TEXT NOT NULL, statement TEXT NOT NULL, observed_fraction REAL, geometry TEXT NOT NULL,
        caveats TEXT NOT NULL,
        UNIQUE (report, finding)
    ) STRICT""",
    """CREATE TABLE refusals (
        sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
        file TEXT NOT NULL, sidecars_sha256 TEXT NOT NULL, acquired TEXT, exit_status INTEGER NOT NULL,
        what TEXT NOT NULL, why TEXT NOT NULL, todo TEXT NOT NULL, tool_version TEXT NOT NULL,
        site_sha256 TEXT NOT NULL,
        settings_sha256 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE files (
        path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX files_by_content ON files (sha256)",
    """CREATE TABLE notices (
        folder TEXT NOT NULL, finding TEXT NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (folder, finding)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE state (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE VIEW current_reports AS
        SELECT reports.*, scenes.sha256 AS scene_sha256, scenes.scene_id, scenes.acquired, scenes.gsd_m,
               sites.site AS site_id
        FROM reports JOIN scenes ON scenes.id = reports.scene JOIN sites ON sites.id = reports.site
        WHERE reports.current""",
    """CREATE VIEW current_detections AS
        SELECT detections.*, r.folder, r.site_id, r.scene_sha256, r.scene_id, r.acquired, r.gsd_m
        FROM detections JOIN current_reports AS r ON r.id = detections.report
        JOIN area_dates AS a ON a.report = detections.report AND a.area = detections.area AND a.speaks
        WHERE detections.date = 'later'""",
)

_REVIEWS = (
    """CREATE TABLE reviews (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 64),
        key TEXT NOT NULL CHECK (length(key) = 64),
        about TEXT NOT NULL CHECK (about IN ('finding', 'detection', 'missed', 'area')),
        site TEXT NOT NULL, scene TEXT NOT NULL, earlier TEXT, kind TEXT NOT NULL, area TEXT,
        evidence TEXT NOT NULL,
        reader TEXT NOT NULL CHECK (reader <> ''),
        verdict TEXT NOT NULL
        CHECK (verdict IN ('accepted', 'rejected', 'corrected', 'added', 'complete', 'withdrawn')),
        reason TEXT, remark TEXT NOT NULL, correction TEXT NOT NULL, made TEXT NOT NULL,
        origin TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX reviews_by_scene ON reviews (scene)",
    "ALTER TABLE findings ADD COLUMN members TEXT NOT NULL DEFAULT '[]'",
    """CREATE TRIGGER reviews_are_not_changed BEFORE UPDATE ON reviews
        BEGIN SELECT RAISE(ABORT, 'reviews are never changed: add another'); END""",
    """CREATE TRIGGER reviews_are_not_removed BEFORE DELETE ON reviews
        BEGIN SELECT RAISE(ABORT, 'reviews are never removed: add one that withdraws'); END""",
    # REPLACE removes rows without asking the trigger above.
    """CREATE TRIGGER reviews_are_not_replaced BEFORE INSERT ON reviews
        WHEN EXISTS (SELECT 1 FROM reviews WHERE id = NEW.id OR uid = NEW.uid)
        BEGIN SELECT RAISE(ABORT, 'reviews are never replaced: add another'); END""",
)
"""What people said of findings. It refers to no other row: reports are superseded and made again, and what
was said of a place in a scene outlives them."""

_AREAS = (
    """CREATE TABLE detection_areas (
        detection INTEGER NOT NULL REFERENCES detections ON DELETE CASCADE, area TEXT NOT NULL,
        length_m REAL,
        PRIMARY KEY (detection, area)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE track_areas (
        report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, track TEXT NOT NULL,
        area TEXT NOT NULL, stretches TEXT NOT NULL,
        PRIMARY KEY (report, track, area)
    ) STRICT, WITHOUT ROWID""",
    """INSERT INTO detection_areas
        SELECT id, area, CASE kind WHEN 'train' THEN to_m - from_m END FROM detections
        WHERE area IS NOT NULL""",
    """INSERT INTO track_areas
        SELECT report, track, area, json_array(json_array(0.0, length_m)) FROM track_dates
        WHERE area IS NOT NULL""",
    """CREATE VIEW current_detections_by_area AS
        SELECT detections.*, b.area AS in_area, b.length_m AS in_area_m,
               r.folder, r.site_id, r.scene_sha256, r.scene_id, r.acquired, r.gsd_m
        FROM detections JOIN current_reports AS r ON r.id = detections.report
        JOIN detection_areas AS b ON b.detection = detections.id
        JOIN area_dates AS a ON a.report = detections.report AND a.area = b.area AND a.speaks
        WHERE detections.date = 'later'""",
)
"""Where a train stands, and where a track runs, in more than one area. Older reports name one."""

_EVENTS = (
    "ALTER TABLE findings ADD COLUMN with_finding TEXT",
    """CREATE VIEW leading_findings AS
        SELECT * FROM findings AS f
        WHERE f.grade = 'detected' AND f.change <> 'unchanged' AND NOT (
            f.change = 'disappeared' AND EXISTS (
                SELECT 1 FROM findings AS o
                WHERE o.report = f.report AND o.finding = f.with_finding AND o.grade = 'detected'
            )
        )""",
)
"""The sure changes that index, feed and notices tell: of a train replaced, the one that came names both."""

_DIGESTS = (
    """CREATE TABLE digests (
        subject TEXT NOT NULL CHECK (subject IN ('report', 'review', 'schema')), key INTEGER NOT NULL,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        PRIMARY KEY (subject, key)
    ) STRICT, WITHOUT ROWID""",
    *(f"ALTER TABLE {table} ADD COLUMN digest TEXT" for table in ("refusals", "files", "notices", "state")),
)
"""Digests of rows: what is changed behind the program's back is found by `check`."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _REVIEWS, _AREAS, _EVENTS, _DIGESTS)
"""Statements that lead from each version to the next; a file's ``user_version`` counts those applied."""

VERSION = len(MIGRATIONS)

SCENE_FACTS = (
    "sha256",
    "file",
    "acquired",
    "provider",
    "gsd_m",
    "pixel_m",
    "sun_elevation_deg",
    "sun_azimuth_deg",
    "off_nadir_deg",
    "view_azimuth_deg",
    "cloud_fraction",
    "radiometry",
    "snow_state",
    "haze",
    "licence",
)
"""What the table of scenes keeps of a scene in a report."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A scene that could not be used, and why; kept so that it is not tried again every night."""

    sha256: str
    file: str
    sidecars_sha256: str
    """Digest of what lies beside the image: with other metadata it is tried again."""
    acquired: str | None
    exit_status: int
    what: str
    why: str
    todo: str
    tool_version: str
    site_sha256: str
    settings_sha256: str
