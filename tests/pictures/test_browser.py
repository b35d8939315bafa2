import json
from base64 import b64decode

import numpy as np
import pytest

from downslope.pictures import fitted, loss_against, loss_curve, path
from downslope.pictures.browser import array, bundle, style, values
from downslope.pictures.scene import Axis, Band, Bars, Contours, Curves, Line, Note, Points, Rule, Scene, Zone

X = np.linspace(0, 10, 11)


def unpacked(packed: dict) -> np.ndarray:
    kind = "f8" if "f8" in packed else "f4"
    numbers = np.frombuffer(b64decode(packed[kind]), dtype=f"<{kind}")
    return numbers.reshape(packed.get("shape", numbers.shape))


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([], "f4"),
        ([1.0, np.nan, -np.inf], "f4"),
        ([0.0, 1e-38 / 2], "f8"),
        ([1e39], "f8"),
        ([-1.7e308, 5e-324], "f8"),
        ([[1.0, 2.0, 3.0]], "f4"),
    ],
)
def test_numbers_of_any_size_come_back(numbers, kind):
    packed = array(np.array(numbers))
    assert kind in packed and json.loads(json.dumps(packed)) == packed
    np.testing.assert_allclose(unpacked(packed), np.array(numbers), rtol=1e-6)


def test_exact_numbers_keep_every_bit():
    numbers = np.random.default_rng(0).normal(size=20)
    assert np.array_equal(unpacked(array(numbers, exact=True)), numbers)


def test_numbers_in_a_narrow_window_keep_the_digits_that_tell_them_apart():
    line = Line(1e9 + X, X, "path")
    (drawn,) = values(Scene("", Axis("x", 1e9, 1e9 + 10), Axis("y", 0.0, 10.0), (line,)), "a")["marks"]
    assert np.array_equal(unpacked(drawn["x"]), line.x) and "f4" in drawn["y"]


def test_steps_beyond_32_bits_are_exact():
    step = np.array([2**24 + 1, 2**24 + 3])
    (drawn,) = values(
        Scene("", Axis("", 0.0, 1.0), Axis("", 0.0, 1.0), (Points(X[:2], X[:2], "end", step=step),)), "a"
    )["marks"]
    assert unpacked(drawn["step"]).tolist() == step.tolist()


def test_every_kind_of_mark():
    marks = (
        Line(X, X, "fit", "fitted"), Points(X, X, "data", "data"), Curves(X, np.ones((3, 11)), np.arange(3), "fit"),
        Band(X, X - 1, X + 1, "band"), Bars(X, 0 * X, X, 0.8, "good"), Zone(1.0, 2.0, "learns", "learns"),
        Contours(X, X, np.ones((11, 11)), np.array([0.5])), Rule(3.0, "finding", "bouncing"), Note("a note"),
    )  # fmt: skip
    drawn = values(
        Scene("all", Axis("x", 0.0, 10.0, ticks=((1.0, "one"),)), Axis("y", 1e-3, 10.0, "log"), marks), "all"
    )
    kinds = ["line", "points", "curves", "band", "bars", "zone", "contours", "rule"]
    assert [mark["kind"] for mark in drawn["marks"]] == kinds and drawn["notes"] == ["a note"]
    assert drawn["marks"][2]["y"]["shape"] == [3, 11] and drawn["marks"][6]["z"]["shape"] == [11, 11]
    assert drawn["x"] == {
        "label": "x",
        "low": 0.0,
        "high": 10.0,
        "scale": "linear",
        "ticks": [[1.0, "one"]],
        "power": 0,
    }
    assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_heights_of_any_size_keep_their_levels(size):
    z, levels = size * np.arange(9.0).reshape(3, 3), size * np.array([0.5, 4.5, 7.5])
    (drawn,) = values(Scene("", Axis("", 0.0, 1.0), Axis("", 0.0, 1.0), (Contours(X[:3], X[:3], z, levels),)), "a")[
        "marks"
    ]
    assert "f4" in drawn["z"]
    above = [(unpacked(drawn["z"]) > level).sum() for level in unpacked(drawn["levels"])]
    assert above == [(z > level).sum() for level in levels]


def test_no_height_stays_none_and_no_level_is_no_error():
    z = np.array([[1.0, np.nan], [np.inf, 2.0]])
    (drawn,) = values(
        Scene("", Axis("", 0.0, 1.0), Axis("", 0.0, 1.0), (Contours(X[:2], X[:2], z, np.empty(0)),)), "a"
    )["marks"]
    assert np.isnan(unpacked(drawn["z"])[0, 1]) and unpacked(drawn["levels"]).size == 0


def test_the_pictures_there_are(parabola, grid):
    history = parabola()
    scenes = [
        fitted(X, X, x_name="x", y_name="</script><img src=x>", curve=(X, X)),
        loss_curve(history),
        loss_against(history, "w", grid[0], grid[0] ** 2),
        path(history, "w", "b", grid),
    ]
    for scene in scenes:
        json.dumps(values(scene, "a"), allow_nan=False)


def test_programs_and_styles_can_stand_in_a_page():
    assert "</script" not in bundle("replay").lower() and len(bundle("replay").encode()) <= 310 * 1024
    assert "@import" not in style() and "url(" not in style() and "</style" not in style().lower()
