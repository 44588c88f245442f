"""Keep GDAL from following, fetching or writing anything but the one file it is given.

The set was verified against disguised VRT, MRF and WMS files and hostile sidecars
(reliability.md section 2.1).
"""

from __future__ import annotations

import os
from typing import Any

GDAL_SETTINGS = {
    "GDAL_SKIP": "VRT,MRF,WMS,WCS,WMTS,HTTP,STACIT,STACTA,GTI,PLMOSAIC,GDALG",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_TIMEOUT": "3",
    "GDAL_HTTP_CONNECTTIMEOUT": "2",
    "GDAL_CACHEMAX": "64",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
}


def rasterio_hardened() -> Any:
    """Return rasterio, imported with the settings in force."""
    os.environ.update(GDAL_SETTINGS)
    import rasterio

    return rasterio
