"""The built-in site and the fixtures are found from an installed wheel, from any folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
from tumangang_watch.sites import built_in_site_path, fixtures_dir, load_site
import tumangang_watch
print(tumangang_watch.__file__)
print(built_in_site_path())
print(sorted(p.name for p in fixtures_dir().iterdir())[0])
print(load_site().id, len(load_site(None).tracks))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(ROOT),
        "--wheel-dir",
        str(folder),
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if "No module named pip" in done.stderr:
        pytest.skip("pip is not installed in this environment")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_site_and_the_fixtures(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "tumangang_watch/data/aois/tumangang.geojson" in names
    assert "tumangang_watch/data/aois/README.md" in names
    assert any(name.startswith("tumangang_watch/data/fixtures/") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_an_unpacked_wheel_finds_its_own_site_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    program = f"import sys; sys.path.insert(0, {str(installed)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=elsewhere, capture_output=True, text=True, timeout=60, check=True
    )
    package, site, fixture, facts = done.stdout.splitlines()
    assert Path(package).is_relative_to(installed)
    assert Path(site) == installed / "tumangang_watch" / "data" / "aois" / "tumangang.geojson"
    assert fixture
    assert facts == "tumangang 4"


def test_a_checkout_finds_them_beside_the_package(tmp_path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert Path(done.stdout.splitlines()[1]) == ROOT / "aois" / "tumangang.geojson"
