import numpy as np
import pytest

from downslope.pictures.matplotlib_renderer import draw
from downslope.pictures.rates import rates
from downslope.pictures.scene import Zone
from downslope.pictures.terminal import text

TRIED = np.geomspace(1e-3, 10.0, 50)
OUTCOMES = ["stalls"] * 20 + ["learns"] * 15 + ["overshoots"] * 10 + ["diverges"] * 5
LOSSES = np.concatenate([np.geomspace(10, 1, 20), np.ones(25), [50.0, 1e30, np.inf, np.nan, np.inf]])


def scene(losses=LOSSES, **changes):
    lines = {"limit": 5.0, "fastest": 1.0, "yours": np.nan}
    return rates(TRIED, losses, OUTCOMES, **{"start_loss": 20.0, "steps": 500, "lines": lines, **changes})


def test_each_outcome_has_a_line_over_its_own_rates():
    learns = scene().named("learns")
    shown = np.isfinite(learns.y)
    assert np.flatnonzero(shown).tolist() == list(range(20, 36))  # it reaches to the next rate
    assert learns.y[25] == 1.0 and scene().x.scale == scene().y.scale == "log"


def test_the_limit_and_the_fastest_are_upright_lines_and_what_is_unknown_is_none():
    assert scene().named("limit").x == 5.0 and scene().named("fastest").x == 1.0
    with pytest.raises(KeyError):
        scene().named("yours")
    with pytest.raises(KeyError):
        scene(lines={"limit": 50.0}).named("limit")


def test_runs_that_left_are_drawn_along_the_top_and_counted():
    left = scene().named("diverges").y
    assert left[-1] == pytest.approx(0.8 * scene().y.high) and "4 of 50 runs ended higher" in scene().notes[0]


@pytest.mark.parametrize("factor, shift", [(0.0, 0.0), (1.0, -5.0), (np.nan, 0.0), (1e300, 0.0), (1e-300, 0.0)])
def test_odd_losses_have_a_picture(factor, shift):
    with np.errstate(all="ignore"):
        drawn = scene(LOSSES * factor + shift)
    draw(drawn)
    assert text(drawn)


def test_zones_stand_where_they_were_told_to():
    told = [(TRIED[0], 0.1, "stalls"), (0.1, 2.0, "learns"), (2.0, TRIED[-1], "diverges")]
    drawn = [mark for mark in scene(zones=told).marks if isinstance(mark, Zone)]
    assert [(zone.low, zone.high, zone.role) for zone in drawn] == told


def test_one_rate_has_a_picture():
    drawn = rates(np.array([0.1]), np.array([1.0]), ["learns"], start_loss=2.0, steps=5)
    assert drawn.x.low < 0.1 < drawn.x.high and text(drawn)
    draw(drawn)
