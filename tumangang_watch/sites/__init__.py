"""Site files: read, check and find the built-in one."""

from __future__ import annotations

from tumangang_watch.sites.places import built_in_site_path, fixtures_dir
from tumangang_watch.sites.read import check_site, load_site

__all__ = ["built_in_site_path", "check_site", "fixtures_dir", "load_site"]
