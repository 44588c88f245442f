"""What the tests of reports share."""

import pytest
from support.report_scene import painted_comparison

from tumangang_watch.report.json_report import report_dict


@pytest.fixture(scope="module")
def comparison():
    return painted_comparison()


@pytest.fixture(scope="module")
def report(comparison):
    return report_dict(comparison, "1.2")
