import numpy as np
import pytest

from downslope.data import SAMPLES, sample
from downslope.errors import RequestError, UnknownName


def test_line_to_the_bit(seeds):
    table = sample("line")
    assert table["x"].tolist() == seeds["line"]["example"]["x"]
    assert table["y"].tolist() == seeds["line"]["example"]["y"]
    assert table.truth == "y = 0.1*x + 0.5"


def test_thermometer(seeds):
    table = sample("thermometer")
    assert table.available == ("celsius", "unknown")
    assert table["celsius"].tolist() == seeds["thermometer"]["t_c"]
    assert table["unknown"].tolist() == seeds["thermometer"]["t_u"]
    assert table.truth is None


def test_quadratic_to_the_bit(seeds):
    table = sample("quadratic")
    assert table["x"].tolist() == seeds["quadratic"]["x"]
    assert table["y"].tolist() == seeds["quadratic"]["y"]


@pytest.mark.parametrize("d", [1, 2, 7])
def test_the_truth_of_plane_is_what_made_it(d):
    table = sample("plane", n=50, d=d, seed=3, noise=0.0)
    terms = dict(
        term.split("*")[::-1] for term in table.truth.replace("- ", "+ -").removeprefix("y = ").split(" + ")[:-1]
    )
    rest = float(table.truth.replace("- ", "+ -").split(" + ")[-1])
    exact = sum(float(weight) * table[name] for name, weight in terms.items()) + rest
    np.testing.assert_allclose(table["y"], exact, rtol=0, atol=1e-14)
    assert table.available == (*(f"x{index}" for index in range(1, d + 1)), "y")


def test_seeds_make_samples_and_make_them_again():
    assert sample("plane", seed=1).fingerprint() == sample("plane", seed=1).fingerprint()
    assert sample("plane", seed=1).fingerprint() != sample("plane", seed=2).fingerprint()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_names_itself(name):
    assert sample(name).source == f"sample {name}"
    assert sample(name).rows > 10


def test_unknown_samples_and_options_are_refused():
    with pytest.raises(UnknownName, match="Did you mean 'quadratic'"):
        sample("quadric")
    with pytest.raises(UnknownName, match="option of the sample line"):
        sample("line", rows=5)
    for value in (0, -1, 1.5, "many"):
        with pytest.raises(RequestError, match="n is"):
            sample("line", n=value)
    with pytest.raises(RequestError, match="seed is"):
        sample("line", seed=-1)
