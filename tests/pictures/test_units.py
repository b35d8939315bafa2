import pytest

from downslope.history import Units
from downslope.pictures import units
from downslope.pictures.matplotlib_renderer import draw
from downslope.pictures.terminal import text

SEEN = Units((("relu(a)", 9, 0), ("relu(b)", 9, 9), ("relu(c)", 0, 0)), rows=9, since=(4, -1, 0))


def test_dead_units_stand_on_those_that_live():
    scene = units(SEEN, [1, 1, 2])
    good, dead = scene.named("switched on by some row"), scene.named("dead")
    assert good.high.tolist() == [1, 0] and dead.low.tolist() == [1, 0] and dead.high.tolist() == [2, 1]
    assert scene.x.ticks == ((1.0, "layer 1"), (2.0, "layer 2"))
    assert (
        "switched on by none of 9 rows: relu(a), relu(c)" in scene.notes
        and "some were off from the start" in scene.notes
    )


def test_without_dead_units_there_is_one_kind_of_bar():
    scene = units(Units((("relu(a)", 3, 3),), rows=3), [1])
    assert scene.notes == ()
    with pytest.raises(KeyError):
        scene.named("dead")


def test_many_dead_units_are_counted():
    many = Units(tuple((f"relu(a{k})", 1, 0) for k in range(40)), rows=2)
    assert "and 35 more" in units(many, [1] * 40).notes[0]


def test_layers_are_named_in_every_picture():
    pytest.importorskip("matplotlib")
    scene = units(SEEN, [1, 1, 2])
    assert [label.get_text() for label in draw(scene).get_xticklabels()] == ["layer 1", "layer 2"]
    drawn = text(scene, 60, 14)
    assert "layer 1" in drawn and "layer 2" in drawn and "⠿ switched on by some row" in drawn


def test_no_units_have_a_picture():
    assert units(Units((), rows=3), []).x.high > 1
