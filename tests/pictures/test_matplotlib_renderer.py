import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from downslope.diagnosis import Finding
from downslope.errors import MissingExtra, OutputError, RequestError
from downslope.history import History
from downslope.pictures import fitted, loss_against, loss_curve, path, predicted
from downslope.pictures.matplotlib_renderer import draw, figure, save

X = np.linspace(0, 10, 11)


@pytest.fixture
def scenes(parabola, grid):
    history = parabola()
    return [
        fitted(X, X, x_name="$x_1$", y_name="\u96ea <b>", curve=(X, X), truth=(X, X), start=(X, X)),
        loss_curve(history, [Finding("diverging", "fault", 3, {}, "")]),
        loss_against(history, "w", grid[0], grid[0] ** 2),
        path(history, "w", "b", grid),
        predicted(X, X, name="y"),
    ]


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_all_pictures_in_one_file(scenes, ending, start, tmp_path):
    save(scenes, tmp_path / f"a.{ending}")
    assert (tmp_path / f"a.{ending}").read_bytes().startswith(start)


def test_axes_show_the_window_of_the_scene(scenes):
    ax = draw(scenes[0])
    assert ax.get_xlim() == (scenes[0].x.low, scenes[0].x.high) and ax.get_xlabel() == "$x_1$"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["data", "start", "true", "fitted"]
    assert draw(scenes[1], ax) is ax and ax.get_yscale() == "log"


@pytest.mark.parametrize(
    "numbers", [[], [3.0], [5.0, 5.0], [1e300, -1e300], [1e-300, 2e-300], [1.0, 1e307], [1e-300, 1e300]]
)
def test_odd_numbers_can_be_drawn(numbers, tmp_path):
    numbers = np.array(numbers)
    history = History.of(("w", "b"), step=np.arange(numbers.size), loss=numbers, params=np.stack([numbers] * 2, axis=1))
    grid = np.linspace(-1e300, 1e300, 5), np.linspace(-1e-300, 1e-300, 5), np.linspace(-1e306, 1e306, 25).reshape(5, 5)
    odd = [
        fitted(numbers, numbers, x_name="x", y_name="y", curve=(numbers, numbers)),
        loss_curve(history),
        loss_against(history, "w", grid[0], grid[2][0]),
        path(history, "w", "b", grid),
    ]
    save(odd, tmp_path / "a.png")


@pytest.mark.parametrize(("count", "axes"), [(0, 1), (1, 1), (2, 2), (3, 4), (5, 6)])
def test_a_figure_has_room_for_each(scenes, count, axes):
    drawn = figure(scenes[:count])
    assert len(drawn.axes) == axes and sum(bool(ax.get_title()) for ax in drawn.axes) == count


def test_a_file_in_the_way_and_a_strange_ending(scenes, tmp_path):
    (tmp_path / "a.png").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        save(scenes[0], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_text() == "mine"
    save(scenes[0], tmp_path / "a.png", force=True)
    for name in ("a.xyz", "a"):
        with pytest.raises(RequestError, match=r"end the name in \.png, \.svg or \.pdf"):
            save(scenes[0], tmp_path / name)


def test_no_window_and_no_pyplot(scenes, tmp_path):
    save(scenes[0], tmp_path / "a.png")
    assert "matplotlib.pyplot" not in sys.modules


def test_without_matplotlib_the_extra_is_named(scenes, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'downslope\[plot\]'"):
        draw(scenes[0])
