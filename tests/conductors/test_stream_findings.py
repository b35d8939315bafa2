"""What is found in the rows of a stream is found in all of them, not only in those that are kept."""

import numpy as np
import pytest

import downslope as ds
from downslope import census

ROWS = 40_000


@pytest.fixture(autouse=True)
def few_here(monkeypatch):
    monkeypatch.setattr(census, "DRAWN", 20_000)
    monkeypatch.setattr("downslope.streaming.DRAWN", 20_000)


def table(seed=0):
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 4, ROWS)
    return {"x": x, "y": 2.5 * np.exp(-1.3 * x) + 0.5 + generator.normal(0, 0.1, ROWS)}


def found(model, data):
    return {finding.symptom: finding for finding in ds.fit(model, data).findings}


@pytest.mark.parametrize("model", ["y = a*exp(-b*x) + c", "y = p + q*x + r*x**2"])
@pytest.mark.parametrize("rows", [[31_234], [5, 31_234, 31_235]])
def test_outliers_are_found_wherever_they_stand(model, rows):
    data = table()
    data["y"][rows] += 60.0
    here, there = found(model, data)["outliers"], found(model, ds.Stream(data))["outliers"]
    assert there.evidence == pytest.approx(here.evidence, rel=1e-6)
    assert there.message == here.message
    assert all(str(1 + row) in there.message for row in rows)


def test_a_row_that_pulls_the_fit_to_itself_is_found():
    data = table()
    data["x"][777], data["y"][777] = 1e5, -30.0
    here, there = found("y = p + q*x", data)["outliers"], found("y = p + q*x", ds.Stream(data))["outliers"]
    assert there.evidence == pytest.approx(here.evidence, rel=1e-6) and "row 778" in there.message


def test_plain_noise_has_none():
    for model in ("y = a*exp(-b*x) + c", "y = p + q*x + r*x**2"):
        assert not found(model, ds.Stream(table(1)))
