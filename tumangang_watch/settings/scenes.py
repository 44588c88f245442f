"""Settings for reading scenes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """Named numbers for reading scenes."""

    max_gsd_m: float = 5.0
    """Coarser pixels show nothing of a yard (docs/sources.md, trains: nothing above 5 m)."""
    min_pixel_m: float = 0.05
    """Finer is no satellite product: a wrong unit or a damaged header."""
    max_block_bytes: int = 128 * 1024 * 1024
    """Largest decoded strip or tile (docs/sources.md, hostile files: a 30 000 px tile took 928 MiB)."""
    max_window_pixels: int = 400_000_000
    """Largest window read (docs/sources.md, hostile files)."""
    max_metadata_bytes: int = 16 * 1024 * 1024
    """Largest metadata file (docs/sources.md, hostile files)."""
    max_json_depth: int = 64
    """Deepest nesting of a metadata file (docs/sources.md, hostile files)."""
    max_bands: int = 32
    """More bands than any optical satellite product has: a stack, or a false claim."""
    max_mapping_error_px: float = 0.01
    """Largest misfit of the polynomial from site to pixel. Measured 1e-4 px for a lon/lat or
    neighbour-zone scene over 6 km; more means that the reference system is not meant for the place."""
    white_percentile: float = 99.5
    """Percentile of a window's valid pixels that is set to `white_reflectance`."""
    white_reflectance: float = 0.6
    """Value given to the brightest half percent of a window whose scale is unknown: concrete and
    light roofs reflect about so much; only ratios are used afterwards."""
    saturated_share: float = 0.0005
    """Share of pixels on exactly the highest value from which that value is a ceiling."""
    saturated_pixels: int = 20
    """At least so many pixels must share it: a share of a small window is a handful by chance."""
    saturated_pile: float = 4.0
    """How many times the pixels of a level just below the top must sit on the top: a clipped
    histogram piles up there, a natural tail holds fewer."""
    saturated_reach: float = 0.05
    """How far "just below" reaches, as a share of the way from the top to the median."""


@dataclass(frozen=True)
class FrameSettings:
    """Named numbers for the working grid."""

    reach_m: float = 16.0
    """Largest geolocation error looked for, per axis: CE90 of the best-known small-satellite
    product is 10-15 m (docs/sources.md, registration)."""
    margin_m: float = 120.0
    """Ground around the areas that registration and radiometry may use. Wide enough for two rows
    of 64 m tie-point windows on every side; more costs reading and time (docs/sources.md, speed)."""


@dataclass(frozen=True, kw_only=True)
class SiteSettings:
    """Limits of `sites.doubts` and `sites.importing`."""

    tracks_apart_m: float = 3.0
    """Closer side by side than this are not two tracks: a wagon is up to 3.25 m wide and tracks lie
    4.5 to 5.5 m apart (docs/sources.md, the place)."""
    switch_m: float = 60.0
    """Two tracks drawn through one switch run together this far: a 1:11 turnout is 33 m long and its
    branches are 3 m apart some 20 m later."""
    side_by_side_m: float = 10.0
    """Shorter than this two tracks cross; longer they run side by side."""
    clear_of_track_m: float = 1.5
    """Half a wagon: an apron that comes nearer to a track's middle holds ground that cars stand over."""
    apron_overlap_m2: float = 5.0
    """Overlap of an apron and cars' ground that is told; less is the width of a drawn line."""
    accuracy_needed_m: float = 15.0
    """A scene may lie 15 m from where it says it is (CE90 of the best-known small-satellite product);
    the fit to the site searches no further, so a site off by more is not found."""
    outside_share: float = 0.5
    """A track that lies in no yard, station or bridge by more than this share is told."""
    curve_radius_m: float = 150.0
    """Coupled wagons are built to pass curves of 150 m (UIC 527-1)."""
    curve_arm_m: float = 15.0
    """A turn is taken from this far before a vertex to this far after it: a vertex of 11 degrees, 0.75 m
    off the curve it stands for, is 150 m; a switch drawn as one vertex of 6 degrees is none."""
    import_bytes: int = 128 * 1024 * 1024
    """A source larger than this is a country's extract, not a yard's."""
    json_bytes: int = 48 * 1024 * 1024
    """JSON takes some twenty times its size in memory."""
    import_features: int = 50_000
    import_vertices: int = 1_000_000
    import_layers: int = 500
    """Layers (KML: folders) of one file. GDAL reads the whole file again for each: 100 000 folders had taken
    1 GB and not ended after 45 s."""
    zip_members: int = 500
    zip_ratio: float = 200.0
    """Text of coordinates packs 3 to 20 times; a bomb a thousand times."""
    join_kink_deg: float = 15.0
    """Ways that meet end to end within this are one track: a 1:6 turnout diverges by 9.5 degrees."""
    join_gap_m: float = 0.3
    """Ends this near are one node: seven decimals are within 1 cm, drawn ones that snapped within a pixel."""
