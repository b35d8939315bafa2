import functools
import math

import numpy as np

from downslope.model.surroundings import Surroundings

FACTOR = 2.0


def inner(x):
    return FACTOR * x


def outer(x, w):
    return w * inner(x)


def test_nothing_changed():
    assert Surroundings.of(outer) == Surroundings.of(outer)
    assert hash(Surroundings.of(outer)) == hash(Surroundings.of(outer))


def test_a_global_used_two_calls_deep(monkeypatch):
    before = Surroundings.of(outer)
    monkeypatch.setitem(outer.__globals__, "FACTOR", 3.0)
    assert Surroundings.of(outer) != before


def test_a_closure_and_an_array_changed_in_place():
    scale = 2.0
    offsets = np.zeros(3)

    def model(x, w):
        return [scale * w * part for part in (x + offsets, math.pi)]

    first = Surroundings.of(model)
    offsets[0] = 1.0
    second = Surroundings.of(model)
    scale = 4.0
    assert len({first, second, Surroundings.of(model)}) == 3


def test_equal_partials_are_equal():
    assert Surroundings.of(functools.partial(outer, w=1.0)) == Surroundings.of(functools.partial(outer, w=1.0))
    assert Surroundings.of(functools.partial(outer, w=1.0)) != Surroundings.of(functools.partial(outer, w=1))
    assert Surroundings.of(functools.partial(outer, w=0.0)) != Surroundings.of(functools.partial(outer, w=-0.0))


def test_not_a_number_equals_itself():
    assert Surroundings.of(functools.partial(outer, w=math.nan)) == Surroundings.of(
        functools.partial(outer, w=math.nan)
    )


def test_functions_that_name_each_other_end():
    def even(x):
        return odd(x - 1)

    def odd(x):
        return even(x - 1)

    assert Surroundings.of(even) == Surroundings.of(even)


def test_other_functions_with_the_same_text_are_others():
    assert Surroundings.of(lambda x: x) != Surroundings.of(lambda x: x)
