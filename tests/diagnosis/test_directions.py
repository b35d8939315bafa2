import numpy as np
import pytest

from downslope.diagnosis.directions import in_words


@pytest.mark.parametrize(
    "direction, said",
    [
        ([0.0, 1.0, 0.0], "b alone"),
        ([0.0, -2.0, 0.0], "b alone"),
        ([0.0, 1.0, 1.0], "b and c rise together (b 50 %, c 50 %)"),
        ([0.0, -1.0, -1.0], "b and c rise together (b 50 %, c 50 %)"),
        ([2.0, -1.0, 0.0], "a rises while b falls (a 80 %, b 20 %)"),
        ([-2.0, 1.0, 0.0], "a rises while b falls (a 80 %, b 20 %)"),
        ([2.0, -1.0, -1.0], "a rises while b and c fall (a 67 %, b 17 %, c 17 %)"),
        ([-1.0, -1.0, 2.0], "a and b fall while c rises (a 17 %, b 17 %, c 67 %)"),
        ([1.0, 1.0, 1.0], "a, b and c rise together (a 33 %, b 33 %, c 33 %)"),
        ([np.nan, 1.0, 1.0], "no direction"),
        ([0.0, 0.0, 0.0], "no direction"),
    ],
)
def test_directions_in_words(direction, said):
    assert in_words(np.array(direction), ["a", "b", "c"]) == said


def test_of_many_parameters_three_are_named():
    assert in_words(np.ones(10), list("abcdefghij")).endswith("c 10 %, and 7 others)")
