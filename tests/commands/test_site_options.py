"""Options of ``site`` and ``growth`` that are wrong are refused before any work is done."""

import json

import pytest
from click.testing import CliRunner

from tumangang_watch.commands.options.scenes import growth
from tumangang_watch.commands.options.site import site
from tumangang_watch.errors import InputRefused, UsageError
from tumangang_watch.sites import built_in_site_path


def test_an_unknown_role_is_named_with_those_that_are_known(tmp_path):
    arguments = ["import", "a.geojson", "--out", str(tmp_path / "o.geojson"), "--role", "ways=rail"]
    with pytest.raises(UsageError, match="unknown role") as caught:
        CliRunner().invoke(site, arguments, standalone_mode=False, catch_exceptions=False)
    assert "track" in caught.value.todo


def test_the_built_in_site_is_sound():
    done = CliRunner().invoke(site, ["check", str(built_in_site_path()), "--json"], standalone_mode=False)
    assert json.loads(done.output)["sound"]


def test_growth_is_checked_with_the_site_of_the_report_only(tmp_path):
    report = {"site": {"sha256": "0"}, "scenes": {}, "detections": [], "findings": []}
    (tmp_path / "report.json").write_text(json.dumps(report))
    arguments = ["points", str(tmp_path), "--out", str(tmp_path / "points.geojson")]
    with pytest.raises(InputRefused, match="another site"):
        CliRunner().invoke(growth, arguments, standalone_mode=False, catch_exceptions=False)
    assert not (tmp_path / "points.geojson").exists()
