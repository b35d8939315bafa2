import numpy as np
import pytest

from downslope.pictures import fitted
from downslope.pictures.scene import Band

X = np.linspace(0, 10, 50)


def picture(y=None, curve=None, **others):
    return fitted(
        X, 2 * X if y is None else y, x_name="x", y_name="y", curve=(X, 2 * X if curve is None else curve), **others
    )


def test_all_there_is_to_see():
    scene = picture(truth=(X, 2.1 * X), start=(X, 0.0 * X))
    assert [mark.name for mark in scene.marks] == ["data", "start", "true", "fitted"]
    assert (scene.x.label, scene.y.label, scene.notes) == ("x", "y", ())
    assert scene.named("fitted").y.tolist() == (2 * X).tolist()


@pytest.mark.parametrize("values", [1e40 * X, np.full(50, np.nan), np.full(50, np.inf), -1e307 * X])
def test_a_diverged_curve_does_not_squeeze_the_data(values):
    scene = picture(curve=values)
    assert -2 < scene.y.low < 0 and 20 < scene.y.high < 22
    assert any("fitted" in note for note in scene.notes)
    assert np.nanmax(scene.named("fitted").y, initial=0) <= scene.y.high


def test_a_curve_somewhat_beyond_the_data_widens_the_window():
    assert picture(curve=3 * X).y.high > 30


def test_a_wild_start_is_cut_and_told():
    scene = picture(start=(X, 100 * X))
    assert scene.y.high < 22 and "the line 'start' leaves the picture" in scene.notes


def test_many_rows_are_sampled_honestly():
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, 50_000)
    one, other = (fitted(x, x, x_name="x", y_name="y", curve=(x[:2], x[:2])) for _ in range(2))
    points = one.named("data")
    assert points.x.size == 2000 and set(points.x) <= set(x)
    assert points.x.mean() == pytest.approx(0.5, abs=0.03)
    assert "2,000 of 50,000 rows drawn, chosen at random" in one.notes
    assert (points.x == other.named("data").x).all()


@pytest.mark.parametrize("values", [[1e300, -1e300], [1e-300, 2e-300], [5.0, 5.0], [5.0], [], [1e9, 1e9 + 1e-5]])
def test_odd_data_have_a_picture(values):
    values = np.array(values)
    assert fitted(values, values, x_name="x", y_name="y", curve=(values, values)).named("data").x.size == len(values)


def test_the_curve_moves_with_the_steps_and_ends_where_it_was_fitted():
    frames = np.array([0, 5, 9]), np.array([0.0 * X, X, 2 * X])
    scene = picture(frames=frames, start=(X, 0 * X))
    assert scene.steps.tolist() == [0, 5, 9]
    assert scene.at(7).named("fitted").y.tolist() == X.tolist()
    assert scene.at(scene.last).named("fitted").y.tolist() == (2 * X).tolist()


def test_a_curve_that_went_says_from_when_on():
    frames = np.array([0, 3, 8]), np.array([2 * X, 1e9 + X, np.full(50, np.nan)])
    scene = picture(curve=frames[1][-1], frames=frames)
    assert scene.notes == ("the line 'fitted' is out of view from step 3 on",)
    assert np.isnan(scene.at(8).named("fitted").y).all() and np.isfinite(scene.at(1).named("fitted").y).all()


def test_a_band_lies_under_all_and_within_the_window():
    scene = picture(band=(2 * X - 1, 2 * X + np.linspace(1, 1e9, 50)))
    band = scene.marks[0]
    assert isinstance(band, Band) and band.high.max() <= scene.y.high and (band.low <= band.high).all()
    far = picture(band=(2 * X + 1e9, 2 * X + 2e9)).marks[0]
    assert np.isnan(far.low).all() and np.isnan(far.high).all()


def test_a_start_out_of_view_is_left_out():
    scene = picture(start=(X, 1e9 + X))
    assert scene.notes == ()
    with pytest.raises(KeyError):
        scene.named("start")
