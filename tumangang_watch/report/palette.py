"""One language of colours for every file: new blue, gone red, moved amber, unchanged grey."""

from __future__ import annotations

CHANGE_COLOURS = {
    "appeared": "#0b63ce",
    "grown": "#0b63ce",
    "disappeared": "#c62828",
    "shrunk": "#c62828",
    "moved": "#b26a00",
    "unchanged": "#6b7280",
}
OUTLINE_COLOURS = {
    "appeared": "#4da3ff",
    "grown": "#4da3ff",
    "disappeared": "#ff5a52",
    "shrunk": "#ff5a52",
    "moved": "#ffb224",
    "unchanged": "#d5d9e0",
}
"""The same hues, lighter, for lines drawn on imagery."""
DATE_COLOURS = {"earlier": "#ffd23f", "later": "#ffffff"}
"""What a map draws things with that stood there on one date."""
PAINTS = {
    "black": "#26282b",
    "grey": "#7d8288",
    "light_grey": "#b9bec4",
    "white": "#f7f7f5",
    "red": "#b5342b",
    "brown": "#7a4a32",
    "blue": "#2f5fa8",
    "light_blue": "#86b4dd",
    "green": "#3f7a4c",
    "yellow": "#e0b93a",
    "unknown": "#dcb8ea",
}
"""What a vehicle of a named colour is drawn with; an unknown one in no colour a vehicle has, and hatched."""
PAINTED_INK = "#a3123a"
"""Behind the mark of painted scenes."""
SITE_COLOURS = {
    "yard": "#ffd23f",
    "bridge": "#ff9f1c",
    "station": "#f28482",
    "handling": "#c77dff",
    "apron": "#2ec4b6",
    "stable": "#90be6d",
    "ignore": "#adb5bd",
    "track": "#4cc9f0",
}
"""What a site's areas and tracks are drawn with over a scene."""
