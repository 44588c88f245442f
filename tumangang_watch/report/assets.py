"""Templates, styles and scripts that lie beside the code of a page, and how they become one page."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from itertools import groupby

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tumangang_watch.model.document import VehicleDocument
from tumangang_watch.report.answer.phrases import chance_percent
from tumangang_watch.report.palette import PAINTS
from tumangang_watch.text import clean_document, whole


def asset(name: str, package: str = "tumangang_watch.report") -> str:
    """Return the text of a file that ships inside a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def render(template: str, package: str, *, script: str = "", **values: object) -> str:
    """Return a page that loads nothing and runs no script but its own.

    All text is escaped, control and direction characters are made visible; the template gets ``css``,
    ``script`` and ``policy`` (its content security policy) besides.

    Parameters
    ----------
    template : str
        File name of the template in the package.
    package : str
        Where template and script lie.
    script : str
        File name of the page's script; none by default.
    **values
        What the template shows: plain values, or `Markup` that is to stand as it is.
    """
    code = asset(script, package) if script else ""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii")
    # Jinja's own new lines around the script would change its digest, so both use the same text.
    page = (
        _environment(package)
        .get_template(template)
        .render(
            **clean_document(values),
            css=Markup(asset("page.css")),
            script=Markup(code),
            policy="default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        )
    )
    return page.rstrip("\n") + "\n"


@cache
def _environment(package: str) -> Environment:
    """Return where a package's templates are found; each is compiled once a process."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(lambda name: asset(name, package))
    )
    environment.filters.update(
        words=lambda text: str(text).replace("_", " "),
        paint=lambda colour: PAINTS.get(colour, PAINTS["unknown"]),
        shown=_shown,
        chance=chance_percent,
        runs=_runs,
    )
    return environment


def _shown(value: float, digits: int | None = None) -> str:
    """Return a number for people: no more digits than it deserves."""
    if digits is None:
        digits = 0 if abs(value) >= 20 or float(value).is_integer() else 1
    return f"{value:,.{digits}f}" if digits else f"{whole(value):,}"


def _runs(stock: list[VehicleDocument]) -> str:
    """Return ``3 brown box, 1 grey tank, ...``: vehicles in order, like ones counted together."""
    names = (f"{vehicle['colour']} {vehicle['type']}".replace("_", " ") for vehicle in stock)
    return ", ".join(f"{len(list(run))} {name}" for name, run in groupby(names))
