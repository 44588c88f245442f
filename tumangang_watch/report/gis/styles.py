"""Styles that QGIS loads by itself: outlines without a fill, labels, time, and forms with lists of values.

A GeoPackage's table ``layer_styles`` is where QGIS looks for them (https://docs.qgis.org, "Storing styles in
a database"); other programs pass it over.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pyogrio.raw

from tumangang_watch.report.palette import DATE_COLOURS, OUTLINE_COLOURS, SITE_COLOURS

TABLE = "layer_styles"
QGIS = "3.22.0"
"""Version whose form of styles is written; later ones read it."""
DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
CASING, UNSEEN, DRAWN = "#111111", "#adb5bd", "#ff3df2"
WIDTH_MM, CASING_MM = 0.5, 0.9
_KEYS = uuid.UUID("a5e0a3e1-6f6e-4c8a-9f0b-2f1f0a2c7d11")
INSTANT, START_AND_END = "1", "2"
"""QGIS's modes of a layer's time: one field, or two."""


@dataclass(frozen=True)
class OutlineRule:
    """Which rows are drawn how."""

    label: str
    filter: str
    """QGIS expression; empty for all rows."""
    colour: str
    dash: str = "solid"


@dataclass(frozen=True, kw_only=True)
class LayerStyle:
    """How a layer opens."""

    layer: str
    rules: tuple[OutlineRule, ...]
    label: str = ""
    """QGIS expression of what stands beside an outline."""
    times: tuple[str, ...] = ()
    """Its fields of time: begin and end, or one."""
    lists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Values of a column, with their meaning: a form offers them as a list."""


def report_styles(*, one_date: bool) -> tuple[LayerStyle, ...]:
    """Return how the layers of a report open."""
    words = {"appeared": "new", "disappeared": "gone", "grown": "grown", "shrunk": "shrunk"}
    words |= {"moved": "moved", "unchanged": "unchanged"}
    changes = [
        OutlineRule(
            f"{words[change]}{doubt}", f"\"change\" = '{change}' AND \"grade\" = '{grade}'", colour, dash
        )
        for change, colour in OUTLINE_COLOURS.items()
        for grade, doubt, dash in (("detected", "", "solid"), ("possible", ", possible", "dash"))
    ]
    dates = [
        OutlineRule(label, f"\"date\" = '{date}'", DATE_COLOURS[date], dash)
        for date, label, dash in (
            ("later", "the scene" if one_date else "later date", "solid"),
            ("earlier", "earlier date", "dot"),
        )
        if not (one_date and date == "earlier")
    ]
    unseen = OutlineRule("not observable", "\"status\" = 'not_observable'", UNSEEN, "dot")
    roles = [
        OutlineRule(role, f"\"role\" = '{role}' AND \"status\" <> 'not_observable'", colour, "dash dot")
        for role, colour in SITE_COLOURS.items()
        if role in ("yard", "bridge", "station", "handling", "apron")
    ]
    return (
        LayerStyle(layer="findings", rules=tuple(changes), label='"title"', times=("begin", "end")),
        LayerStyle(
            layer="detections", rules=tuple(dates), label='"title"' if one_date else "", times=("begin",)
        ),
        LayerStyle(layer="areas", rules=(*roles, unseen), label='"name"', times=("begin", "end")),
    )


def write_styles(path: Path, styles: Sequence[LayerStyle], moment: str) -> None:
    """Add styles to a GeoPackage; ``moment`` (ISO 8601) stands as the time they were made."""
    texts = [style_text(style) for style in styles]
    columns: dict[str, list[str]] = {
        "f_table_catalog": [""] * len(styles),
        "f_table_schema": [""] * len(styles),
        "f_table_name": [style.layer for style in styles],
        "f_geometry_column": ["geom"] * len(styles),
        "styleName": [f"{style.layer} outlines" for style in styles],
        "styleQML": texts,
        "styleSLD": [""] * len(styles),
        "description": ["Outlines without a fill"] * len(styles),
        "owner": [""] * len(styles),
        "ui": [""] * len(styles),
    }
    made = np.array([moment.rstrip("Z")] * len(styles), dtype="datetime64[ms]")
    pyogrio.raw.write(
        path,
        None,
        [*(np.array(values, object) for values in columns.values()), np.ones(len(styles), bool), made],
        [*columns, "useAsDefault", "update_time"],
        layer=TABLE,
        driver="GPKG",
        append=path.exists(),
        geometry_type=None,
        FID="id",
        DATETIME_PRECISION="MILLISECOND",
        gdal_tz_offsets={"update_time": np.full(len(styles), 100, np.int8)},
    )


def style_text(style: LayerStyle) -> str:
    """Return a layer's style as QGIS writes it (QML)."""
    root = Element("qgis", version=QGIS, styleCategories="Symbology|Labeling|Fields|Forms|Temporal")
    root.set("labelsEnabled", "1" if style.label else "0")
    if style.times:
        _temporal(root, style.times)
    _renderer(root, style)
    if style.label:
        _labels(root, style.label)
    if style.lists:
        _lists(root, style.lists)
    return f"{DOCTYPE}\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _temporal(root: Element, times: tuple[str, ...]) -> None:
    made = ElementTree.SubElement(
        root,
        "temporal",
        enabled="1",
        mode=START_AND_END if len(times) == 2 else INSTANT,
        startField=times[0],
        endField=times[-1] if len(times) == 2 else "",
        accumulate="0",
        fixedDuration="0",
        durationUnit="min",
        durationField="",
        startExpression="",
        endExpression="",
    )
    span = ElementTree.SubElement(made, "fixedRange")
    ElementTree.SubElement(span, "start")
    ElementTree.SubElement(span, "end")


def _renderer(root: Element, style: LayerStyle) -> None:
    """Add a rule a kind of row, each with its own outline."""
    made = ElementTree.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0")
    rules = ElementTree.SubElement(made, "rules", key=_key(style.layer, "all"))
    symbols = ElementTree.SubElement(made, "symbols")
    for number, rule in enumerate(style.rules):
        line = ElementTree.SubElement(rules, "rule", key=_key(style.layer, str(number)), symbol=str(number))
        line.set("label", rule.label)
        if rule.filter:
            line.set("filter", rule.filter)
        _symbol(symbols, str(number), rule)


def _key(*parts: str) -> str:
    return f"{{{uuid.uuid5(_KEYS, '/'.join(parts))}}}"


def _symbol(parent: Element, name: str, rule: OutlineRule) -> None:
    """Add a symbol of a polygon's outline alone, with a dark edge that shows on snow."""
    symbol = ElementTree.SubElement(parent, "symbol", type="fill", name=name, alpha="1", clip_to_extent="1")
    for colour, width_mm, dash in ((CASING, CASING_MM, "solid"), (rule.colour, WIDTH_MM, rule.dash)):
        layer = ElementTree.SubElement(
            symbol, "layer", {"class": "SimpleLine", "enabled": "1", "locked": "0", "pass": "0"}
        )
        _options(
            layer,
            {
                "line_color": _rgba(colour),
                "line_style": dash,
                "line_width": f"{width_mm}",
                "line_width_unit": "MM",
                "joinstyle": "round",
                "capstyle": "round",
            },
        )


def _options(parent: Element, values: Mapping[str, str]) -> None:
    options = ElementTree.SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        ElementTree.SubElement(options, "Option", type="QString", name=name, value=value)


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _labels(root: Element, expression: str) -> None:
    """Add labels of white letters with a dark edge, beside the outline."""
    labels = ElementTree.SubElement(root, "labeling", type="simple")
    settings = ElementTree.SubElement(labels, "settings", calloutType="simple")
    text = ElementTree.SubElement(
        settings, "text-style", fieldName=expression, isExpression="1", fontSize="10", fontSizeUnit="Point"
    )
    text.set("textColor", "255,255,255,255")
    text.set("namedStyle", "Bold")
    text.set("fontWeight", "75")
    ElementTree.SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.7",
        bufferSizeUnits="MM",
        bufferColor="17,17,17,255",
    )
    ElementTree.SubElement(settings, "placement", placement="6", dist="1", distUnits="MM", priority="5")
    ElementTree.SubElement(settings, "rendering", drawLabels="1", obstacle="0", displayAll="0")


def _lists(root: Element, lists: Mapping[str, Mapping[str, str]]) -> None:
    """Add lists of values to a form."""
    fields = ElementTree.SubElement(root, "fieldConfiguration")
    for name, values in lists.items():
        widget = ElementTree.SubElement(ElementTree.SubElement(fields, "field", name=name), "editWidget")
        widget.set("type", "ValueMap")
        config = ElementTree.SubElement(widget, "config")
        options = ElementTree.SubElement(config, "Option", type="Map")
        made = ElementTree.SubElement(options, "Option", type="List", name="map")
        for value, words in values.items():
            _options(made, {f"{value}: {words}" if words else value: value})
