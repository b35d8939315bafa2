"""What is drawn: numbers that keep apart, colours that are seen, nothing that breaks an outline."""

import re
from itertools import combinations, pairwise, product
from pathlib import Path

import chromium
import numpy as np
import pytest
from chromium import until

from downslope.pictures.browser import values
from downslope.pictures.scene import Axis, Contours, Curves, Line, Points, Scene, Zone

CSS = (Path(__file__).parents[2] / "view" / "view.css").read_text(encoding="utf-8")
SIZES = (1200, 380)
BOXES = """() => [...document.querySelectorAll(".ds-plot")].map(plot => ({
  name: plot.closest("[data-panel]").dataset.panel,
  whole: plot.getBoundingClientRect().toJSON(),
  edge: plot.querySelector(".ds-edge").getBoundingClientRect().toJSON(),
  texts: [...plot.querySelectorAll("text")].filter(node => node.textContent).map(node => ({
    text: node.textContent,
    box: node.getBoundingClientRect().toJSON(),
    inside: node.classList.contains("ds-label"),
  })),
}))"""


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


COLOURS = {
    name: pair
    for name, *pair in re.findall(r"--ds-([\w-]+): var\(--ds-light, (#\w{6})\) var\(--ds-dark, (#\w{6})\)", CSS)
}
WORDS = {"ink", "soft", "accent", "fault", "warning", "truth"}


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("name", sorted(COLOURS.keys() - {"paper", "page", "grid"}))
def test_colours_are_seen_on_paper_and_page(name, theme):
    least = 4.5 if name in WORDS else 3
    for behind in ("paper", "page"):
        assert contrast(COLOURS[name][theme], COLOURS[behind][theme]) >= least


@pytest.fixture(params=SIZES)
def drawn(request, browser, view, still, written):
    with chromium.opened(browser, width=request.param) as page:
        panels = [*view["panels"], *(values(scene, name) for name, scene in still.items())]
        page.goto(written({**view, "panels": panels}))
        page.wait_for_selector("html[data-ready]")
        page.wait_for_timeout(100)
        yield page


def apart(one: dict, other: dict) -> bool:
    """Whether two boxes keep apart; three pixels of a line of text are air."""
    beside = one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
    return beside or one["bottom"] <= other["top"] + 3 or other["bottom"] <= one["top"] + 3


def test_no_number_covers_another_or_its_axis(drawn):
    for plot in drawn.evaluate(BOXES):
        assert len(plot["texts"]) > 4
        for one, other in combinations(plot["texts"], 2):
            assert apart(one["box"], other["box"]), (plot["name"], one["text"], other["text"])
        for text in plot["texts"]:
            box, whole, edge = text["box"], plot["whole"], plot["edge"]
            assert box["left"] >= whole["left"] - 1 and box["right"] <= whole["right"] + 1, (plot["name"], text["text"])
            assert text["inside"] or apart(box, edge), (plot["name"], text["text"])


def test_the_page_is_no_wider_than_the_window(drawn):
    assert drawn.evaluate("document.documentElement.scrollWidth") <= drawn.viewport_size["width"]


def test_no_outline_is_broken(drawn):
    for outline in drawn.eval_on_selector_all(".ds-plot path[d]", "all => all.map(path => path.getAttribute('d'))"):
        assert "NaN" not in outline and "Infinity" not in outline and "e+" not in outline


def test_an_axis_of_any_size_has_numbers(page, view, written):
    windows = [(1.0, 2.0), (3.0, 3.5), (1e-6, 10.0), (1e-300, 1e300), (0.2, 40.0), (900.0, 1100.0)]
    panels = []
    for scale, (low, high) in product(("linear", "log"), windows):
        x = np.linspace(low, high, 5)
        scene = Scene("s", Axis("x", low, high, scale), Axis("y", low, high, scale), (Line(x, x, "path", "p"),))
        panels.append(values(scene, f"{scale} {low} {high}"))
    page.goto(written({**view, "panels": panels}))
    for plot in page.evaluate(BOXES):
        numbers = [text for text in plot["texts"] if text["text"][0] not in "xy"]
        assert 3 <= len(numbers) <= 40, plot["name"]
        lefts = [text["box"]["left"] for text in numbers if text["box"]["top"] > plot["edge"]["bottom"] - 2]
        assert all(one < other for one, other in pairwise(lefts)), plot["name"]


def test_another_width_and_another_theme(page, view, written):
    page.goto(written(view))
    page.set_viewport_size({"width": 380, "height": 800})
    until(page, "[...document.querySelectorAll('.ds-plot')].every(plot => plot.getBoundingClientRect().width < 370)")
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    colour = "getComputedStyle(document.querySelector('.ds-plot')).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(colour) == "rgb(27, 30, 35)"


def outlines_of(page, written, view, heights, levels):
    """Corners of each line of equal height, in the units of a grid from 0 to 1 whose first column and row are 0."""
    x, y = np.linspace(0, 1, heights.shape[1]), np.linspace(0, 1, heights.shape[0])
    corner = Points(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "truth", "corners")
    marks = (Contours(x, y, heights, np.asarray(levels)), corner)
    page.goto(written({**view, "panels": [values(Scene("s", Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0), marks), "s")]}))
    corners = page.get_attribute(".ds-point", "d")
    (left, low), (right, high) = (map(float, each) for each in re.findall(r"M([\d.]+),([\d.]+)", corners))
    for d in page.eval_on_selector_all(".ds-contour", "all => all.map(path => path.getAttribute('d'))"):
        rings = [np.array(re.findall(r"[ML]([\d.]+),([\d.]+)", ring), dtype=float) for ring in d.split("z") if ring]
        yield [(ring - [left, low]) / [right - left, high - low] for ring in rings]


def area(ring):
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_contours_lie_where_the_height_is(page, view, written):
    x, y = np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 31))
    levels = [0.0, 0.04, 0.09, 0.5]
    lines = list(outlines_of(page, written, view, (x - 0.5) ** 2 + (y - 0.4) ** 2, levels))
    for level, rings in zip(levels[1:3], lines[1:3], strict=True):
        _, hole = rings = sorted(rings, key=lambda ring: -abs(area(ring)))
        assert np.hypot(*(hole - [0.5, 0.4]).T) == pytest.approx(np.sqrt(level), abs=0.005)
        # what lies above the level is shaded: all of the picture but the hole, which runs the other way round
        assert sum(map(area, rings)) == pytest.approx(np.sign(area(rings[0])) * (1 - np.pi * level), abs=0.01)
    assert [abs(area(ring)) for ring in lines[0]] == pytest.approx([1.0], abs=1e-3)
    corners = [abs(area(ring)) for ring in lines[3]]  # higher than 0.5 only in two corners
    assert len(corners) == 2 and sum(corners) < 0.02


def test_contours_of_a_saddle_and_of_what_has_no_height(page, view, written):
    x, y = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 20))  # no point of the grid at the saddle
    ((*rings,),) = outlines_of(page, written, view, x * y, [0.0])
    assert sum(abs(area(ring)) for ring in rings) == pytest.approx(0.5, abs=0.01)
    heights = np.where(x > 0.5, np.nan, x)
    _, (edge,) = outlines_of(page, written, view, heights, [-2.0, 0.0])
    assert abs(area(edge)) == pytest.approx(0.5, abs=0.01)  # from where it is 0 to the end, with no line where it ends


def test_lines_that_leave_for_infinity_stay_in_the_picture(page, view, written):
    x = np.linspace(0, 1, 4)
    y = np.array([[0.5, 1e300, -1e300, 0.5], [np.inf, 0.1, np.nan, 0.2]])
    marks = (Curves(x, y, np.arange(2), "fit", "c"), Line(x, y[0], "path", "l"), Line(x, y[1], "truth", "t"))
    page.goto(written({**view, "panels": [values(Scene("s", Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0), marks), "s")]}))
    outlines = page.eval_on_selector_all(".ds-plot > g path[d]", "all => all.map(path => path.getAttribute('d'))")
    numbers = [abs(float(number)) for outline in outlines for number in re.findall(r"-?[\d.]+", outline)]
    assert numbers and max(numbers) < 1e5


def test_the_last_number_is_not_cut_where_the_axis_ends_at_it(page, view, written):
    axes = [Axis("step", 0.0, 10_000.0), Axis("step", 0.0, 1_000.0), Axis("w", 0.9997, 1.0003)]
    line = Line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "fit", "loss")
    panels = [values(Scene("s", axis, Axis("loss", 0.0, 1.0), (line,)), str(i)) for i, axis in enumerate(axes)]
    page.goto(written({**view, "panels": panels}))
    for plot in page.evaluate(BOXES):
        assert max(text["box"]["right"] for text in plot["texts"]) <= plot["whole"]["right"], plot["name"]


def test_many_points_do_not_hide_each_other(page, view, written):
    x = np.linspace(0, 1, 400)
    panels = [
        values(Scene("s", Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0), (Points(x[:n], x[:n], "data", "data"),)), str(n))
        for n in (20, 400)
    ]
    page.goto(written({**view, "panels": panels}))
    rims = page.eval_on_selector_all(".ds-plot > g .ds-point", "all => all.map(each => each.style.stroke)")
    assert rims == ["var(--ds-paper)", "none"]


def test_zones_are_named_all_in_the_legend_or_all_in_the_picture(page, view, written):
    zones = (
        Zone(0.0, 0.01, "good", "certified"),
        Zone(0.01, 0.5, "overshoots", "usable"),
        Zone(0.5, 1.0, "diverges", "not"),
    )
    blank = Axis("", 0.0, 1.0, ticks=((0.5, " "),))
    scenes = {"narrow": zones, "wide": zones[1:]}
    panels = [values(Scene("s", Axis("x", 0.0, 1.0), blank, marks), name) for name, marks in scenes.items()]
    page.goto(written({**view, "panels": panels}))
    legends = page.eval_on_selector_all(".ds-legend", "all => all.map(each => each.innerText)")
    assert legends[0].split() == ["certified", "usable", "not"] and legends[1] == ""
    heights = page.eval_on_selector_all(".ds-plot", "all => all.map(each => each.clientHeight)")
    assert max(heights) <= 130  # nothing is measured upwards
