import sys
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("matplotlib")
from PIL import Image

from downslope.errors import MissingExtra, OutputError, RequestError
from downslope.pictures import loss_against, loss_curve, path
from downslope.pictures.animation import HOLD, save_gif


@pytest.fixture
def scenes(parabola, grid):
    history = parabola(rate=0.9, steps=12)
    return [loss_curve(history), path(history, "w", "b", grid), loss_against(history, "w", grid[0], grid[0] ** 2)]


def frames(file):
    with Image.open(file) as opened:
        found = []
        for number in range(opened.n_frames):
            opened.seek(number)
            found.append((np.asarray(opened.convert("RGB")).astype(int), opened.info["duration"]))
    return found


def test_each_step_has_its_frame_and_the_ends_are_held(scenes, tmp_path):
    save_gif(scenes, tmp_path / "a.gif", [0, 3, 12])
    found = frames(tmp_path / "a.gif")
    assert len(found) == 3 and found[0][1] == found[-1][1] == HOLD > found[1][1]
    assert all(np.abs(one - other).sum() > 0 for (one, _), (other, _) in pairwise(found))


def test_all_steps_are_drawn_if_none_are_named_but_not_too_many(scenes, parabola, tmp_path, monkeypatch):
    save_gif(scenes[1], tmp_path / "a.gif")
    assert len(frames(tmp_path / "a.gif")) == 13
    monkeypatch.setattr("downslope.pictures.animation.MOST_FRAMES", 8)
    save_gif(loss_curve(parabola(rate=0.01, steps=3000)), tmp_path / "a.gif", force=True)
    assert len(frames(tmp_path / "a.gif")) <= 8


def test_the_same_scenes_give_the_same_file(scenes, tmp_path):
    for name in ("a.gif", "b.gif"):
        save_gif(scenes[:1], tmp_path / name, [0, 5])
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_a_diverging_run_and_a_still_picture(parabola, grid, tmp_path):
    history = parabola(rate=40.0, steps=400)
    save_gif([loss_curve(history), path(history, "w", "b", grid)], tmp_path / "a.gif", [0, 1, 400])
    assert len(frames(tmp_path / "a.gif")) == 3
    save_gif(loss_curve(history).at(9), tmp_path / "b.gif")
    assert len(frames(tmp_path / "b.gif")) == 1


def test_a_file_in_the_way_and_nothing_to_draw(scenes, tmp_path):
    (tmp_path / "a.gif").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        save_gif(scenes, tmp_path / "a.gif", [0])
    assert (tmp_path / "a.gif").read_text() == "mine"
    with pytest.raises(RequestError, match="needs a picture"):
        save_gif([], tmp_path / "b.gif")


@pytest.mark.parametrize("package", ["PIL", "matplotlib"])
def test_what_is_missing_is_named(package, scenes, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install"):
        save_gif(scenes, tmp_path / "a.gif")
