import numpy as np
import pytest

from downslope.model import as_model, line, names_in, read_formula

MODELS = ["y = w*x + b", read_formula("y = w*x + b"), line, lambda x, w, b: w * x + b]


@pytest.mark.parametrize("given", MODELS, ids=["text", "formula", "ready", "function"])
def test_four_ways_to_say_a_line(given):
    model = as_model(given, ["x"] if given in MODELS[2:] else ["x", "y"])
    x = np.arange(4.0)
    assert model.parameters == ("w", "b") and model.columns == ("x",)
    np.testing.assert_allclose(model.predict(np.array([2.0, 1.0]), {"x": x}), 2 * x + 1)
    assert as_model(model, ["x"]) is model


def test_names_worth_reading():
    assert names_in("log(y) = w*x") == {"y", "w", "x"}
    assert names_in(lambda t, rate: t * rate) == {"t", "rate"}
    assert names_in(line) is None
    assert names_in(as_model("y = w*x", ["x", "y"])) == {"x", "y"}
