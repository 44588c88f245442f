"""The settings that a report names by their digest can be printed."""

import json

from click.testing import CliRunner

from tumangang_watch.commands.options.scenes import settings
from tumangang_watch.settings import Settings


def test_every_setting_is_printed_with_the_digest_of_reports():
    done = CliRunner().invoke(settings, standalone_mode=False)
    printed = json.loads(done.output)
    assert printed.pop("settings_sha256") == Settings().sha256
    assert printed["read"]["max_gsd_m"] == 5.0
    assert len(printed) == len(Settings.__dataclass_fields__)
