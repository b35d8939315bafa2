import jax
import numpy as np
import pytest

import downslope as ds

DATA = {"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 2.9, 5.2, 6.8]}
LINE = "y = w*x + b"


def right(x, y, w, b):
    residual = w * x + b - y
    return 2 * (residual * x).mean(), 2 * residual.mean()


def test_a_right_gradient_agrees():
    check = ds.check_gradient(LINE, right, DATA)
    assert check.ok and check.kind == "loss"
    assert "WRONG" not in str(check)


@pytest.mark.parametrize(
    ("slip", "hint"),
    [
        (lambda x, y, w, b: (right(x, y, w, b)[0], -right(x, y, w, b)[1]), "the sign is turned"),
        (lambda x, y, w, b: (right(x, y, w, b)[0], (w * x + b - y).mean()), "a factor 2 is missing"),
        (lambda x, y, w, b: (right(x, y, w, b)[0], right(x, y, w, b)[0]), ""),
    ],
)
def test_the_wrong_one_is_named_and_a_usual_slip_explained(slip, hint):
    check = ds.check_gradient(LINE, slip, DATA)
    assert check.wrong == ("b",)
    assert hint in str(check)


def test_an_agreement_at_the_start_alone_does_not_pass():
    check = ds.check_gradient("y = w**2*x", lambda x, y, w: [(4 * w**3 * x**2 - 4 * x * y).mean()], DATA)
    assert check.wrong == ("w",), "4w·(w²x - y)x is 4w³x² - 4wxy; at w = 1 the two are one"


@pytest.mark.parametrize("shape", ["rows by parameters", "parameters by rows", "mapping"])
def test_the_derivative_of_the_prediction_is_known_by_its_shape(shape):
    def jacobian(x, a, b):
        columns = [np.exp(-b * x), -a * x * np.exp(-b * x)]
        if shape == "mapping":
            return {"b": columns[1], "a": columns[0]}
        return np.array(columns) if shape == "parameters by rows" else np.column_stack(columns)

    check = ds.check_gradient("y = a*exp(-b*x)", jacobian, DATA)
    assert check.ok and check.kind == "prediction"


def test_the_loss_that_is_asked_for_is_the_one_that_is_checked():
    def slope(x, y, w):
        return [(np.sign(w * x - y) * x).mean()]

    assert ds.check_gradient("y = w*x", slope, DATA, loss="mae").ok
    assert not ds.check_gradient("y = w*x", slope, DATA, loss="mse").ok


@pytest.mark.parametrize(
    ("gradient", "words"),
    [
        (lambda x, q: [0, 0], "takes 'q'"),
        (lambda x, w: 1.0, "expected 2 numbers"),
        (lambda x, w: {"w": 1.0}, "no value for 'b'"),
        (3.0, "give a function"),
    ],
)
def test_what_cannot_be_compared_is_refused(gradient, words):
    with pytest.raises(ds.RequestError, match=words):
        ds.check_gradient(LINE, gradient, DATA)


def test_a_function_model_is_checked_like_a_formula():
    def model(x, w, b):
        return w * jax.numpy.tanh(x) + b

    check = ds.check_gradient(model, lambda x: np.column_stack([np.tanh(x), np.ones(4)]), DATA["x"], DATA["y"])
    assert check.ok
