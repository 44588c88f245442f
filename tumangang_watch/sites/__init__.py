"""Site files: read, check, write, import and find the built-in one."""

from __future__ import annotations

from tumangang_watch.shipped import built_in_site_path, fixtures_dir
from tumangang_watch.sites.file import examine_site, load_site
from tumangang_watch.sites.remarks import Remark

__all__ = ["Remark", "built_in_site_path", "examine_site", "fixtures_dir", "load_site"]
