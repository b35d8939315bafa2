"""A browser, and a page of three pictures that move, made as a replay is made."""

import json
from base64 import b64encode
from hashlib import sha256

import chromium
import numpy as np
import pytest

from downslope.pictures.browser import array, bundle, style, values
from downslope.pictures.scene import (
    Axis,
    Band,
    Bars,
    Contours,
    Curves,
    Line,
    Note,
    Points,
    Rule,
    Scene,
    Zone,
)  # fmt: skip

STEPS = 200


@pytest.fixture
def page(browser):
    with chromium.opened(browser) as page:
        yield page


@pytest.fixture(scope="session")
def scenes() -> dict[str, Scene]:
    """Three pictures of a descent on w**2 + b**2 / 10, by name; all kinds of marks are in them or in `still`."""
    step = np.arange(STEPS + 1)
    w, b = (-0.86) ** step * 1.3, 0.97**step
    loss = w**2 + b**2 / 10
    x = np.linspace(0, 10, 120)
    fitted = (
        Points(x, 0.5 * x + np.sin(5 * x) / 3, "data", "data"),
        Line(x, 0.5 * x, "truth", "true"),
        Curves(x, (0.5 + w[:, None]) * x + b[:, None], step, "fit", "fitted"),
    )
    grid = np.linspace(-1.5, 1.5, 90), np.linspace(-0.2, 1.2, 80)
    height = grid[0] ** 2 + grid[1][:, None] ** 2 / 10
    height[70:, 80:] = np.nan
    path = (
        Contours(*grid, height, np.geomspace(1e-3, 2, 14)),
        Line(w, b, "path", "path", step),
        Points(w, b, "path", "", step),
        Points(w[:1], b[:1], "start", "start"),
        Points(np.zeros(1), np.zeros(1), "minimum", "minimum"),
        Points(w, b, "end", "now", step),
    )
    curve = (
        Rule(40.0, "finding", "overshooting"),
        Rule(44.0, "finding", "bouncing"),
        Line(step, loss, "path", "loss", step),
        Points(step, loss, "end", "now", step),
    )
    return {
        "fitted": Scene("y against x", Axis("x", -0.5, 10.5), Axis("y", -3.0, 9.0), (*fitted, Note("120 rows"))),
        "path": Scene("The way down: w and b", Axis("w", -1.5, 1.5), Axis("b", -0.2, 1.2), path),
        "loss": Scene("Loss at each step", Axis("step", 0.0, 200.0), Axis("loss", 1e-7, 10.0, "log"), curve),
    }


@pytest.fixture(scope="session")
def still() -> dict[str, Scene]:
    """Pictures that stand still, with the other kinds of marks and with odd axes."""
    rates = np.geomspace(1e-6, 10, 60)
    zones = (
        Zone(1e-6, 1e-4, "stalls", "stalls"), Zone(1e-4, 0.1, "learns", "learns"),
        Zone(0.1, 0.2, "bounces", "bounces"), Zone(0.2, 10.0, "diverges", "diverges"),
        Line(rates, 1 / (1 + 1e3 * rates), "learns", "learns"), Rule(0.2, "fit", "limit"),
        Rule(0.1, "guess", "fastest"), Rule(0.11, "finding", "yours"),
    )  # fmt: skip
    layers = np.arange(3.0)
    units = (
        Bars(layers, 0 * layers, np.array([30.0, 25.0, 12.0]), 0.7, "good", "alive"),
        Bars(layers, np.array([30.0, 25.0, 12.0]), np.full(3, 32.0), 0.7, "dead", "dead"),
    )
    named = ((0.0, "layer 1"), (1.0, "layer 2"), (2.0, "the last of the hidden layers"))
    x = np.linspace(-3e12, 5e12, 50)
    band = (Band(x, x * 1e-13 - 1, x * 1e-13 + 1, "band", "95 % band"), Line(x, x * 1e-13, "fit", "fitted"))
    wide = np.arange(50.0)
    diverged = (Line(wide, 10.0 ** (wide * 11.5 - 280), "path", "loss"),)
    return {
        "rates": Scene("Rates", Axis("learning rate", 1e-6, 10.0, "log"), Axis("loss", 1e-4, 2.0, "log"), zones),
        "units": Scene("Units", Axis("layer", -0.5, 2.5, ticks=named), Axis("units", 0.0, 32.0), units),
        "band": Scene("A band", Axis("distance", -3e12, 5e12), Axis("y", -2.0, 2.0), band),
        "far": Scene("Loss", Axis("step", 0.0, 50.0), Axis("loss " * 30, 1e-290, 1e300, "log"), diverged),
    }  # fmt: skip


@pytest.fixture(scope="session")
def view(scenes) -> dict:
    """A view value of these pictures, with a column that wants to be a program."""
    step = np.arange(STEPS + 1)
    w, b = (-0.86) ** step * 1.3, 0.97**step
    mathml = "<math xmlns='http://www.w3.org/1998/Math/MathML'><mi>y</mi><mo>=</mo><mi>w</mi><mi>x</mi><mo>+</mo><mi>b</mi></math>"
    return {
        "kind": "view", "version": 1, "title": "y = w*x + b", "model": "y = w*x + b", "mathml": mathml,
        "source": "<img src=x onerror=alert(1)>.csv", "rows": 12345, "state": "usable",
        "state_text": "finite and improved, but not at the minimum", "reasons": ["200 steps were asked for, and taken"],
        "parameters": [
            {"name": "<img src=x onerror=alert(1)>", "value": 0.0, "error": 0.04, "start": 1.3, "truth": 0.0,
             "text": "0.00 ± 0.04"},
            {"name": "b", "value": 0.002, "error": None, "start": 1.0, "truth": None, "text": "0.002"},
        ],
        "loss": {"name": "mse", "value": 5e-7, "text": "5e-07"},
        "panels": [values(scene, name) for name, scene in scenes.items()],
        "history": {
            "columns": {
                "step": array(step, exact=True), "loss": array(w**2 + b**2 / 10, exact=True),
                "params": {"=cmd(),<img src=x onerror=alert(1)>": array(w, exact=True), "b": array(b, exact=True)},
            },
            "kept": STEPS + 1, "of": STEPS,
        },
        "last": STEPS,
        "verdicts": [
            {"step": 0, "tone": "plain", "text": "the start."},
            {"step": 40, "tone": "warning", "text": "each step lands across the valley; the loss still falls."},
            {"step": 180, "tone": "good", "text": "at the floor."},
        ],
        "findings": [
            {"symptom": "overshooting", "severity": "warning", "first_step": 40,
             "message": "Steps land across the valley.", "remedy": "learning_rate=0.2"},
        ],
        "notes": ["Every step is kept."], "python": "ds.fit(...)",
    }  # fmt: skip


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A function that writes a view value as a page, and gives its address."""

    def write(
        view: dict,
        name: str = "replay.html",
        kind: str = "replay",
        body: str = '<main id="app"></main>',
    ) -> str:
        program = bundle("replay")
        digest = b64encode(sha256(program.encode()).digest()).decode()
        rules = f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data: blob:"
        told = json.dumps(view).replace("<", "\\u003c")
        text = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A run</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="Content-Security-Policy" content="{rules}"><style>{style()}</style></head>'
            f'<body data-kind="{kind}">{body}<script type="application/json" id="view">{told}</script>'
            f"<script>{program}</script></body></html>"
        )
        path = tmp_path_factory.mktemp("pages") / name
        path.write_text(text, encoding="utf-8")
        return path.as_uri()

    return write
