"""State and reasons: every kind of bad input is a named error or an untrusted answer with its reason."""

import numpy as np
import pytest

import downslope as ds

X = np.linspace(0.1, 3, 12)
Y = 2 * X + 1 + 0.1 * np.random.default_rng(0).normal(size=12)
DATA = {"x": X, "y": Y}
LINE = "y = w*x + b"

REFUSED = {
    "more parameters than rows": ("y = a*x**2 + b*x + c", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, {}, "only 2 rows"),
    "more nonlinear ones": ("y = a*exp(b*x) + c", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, {}, "only 2 rows"),
    "more than rows that count": (LINE, {**DATA, "k": (X < 0.2) * 1.0}, {"weights": "k"}, "only 1 row"),
    "all weights zero": (LINE, {**DATA, "k": 0 * X}, {"weights": "k"}, "all weights are 0"),
    "negative weight": (LINE, {**DATA, "k": -X}, {"weights": "k"}, "must not be negative: row 1"),
    "negative sigma": (LINE, {**DATA, "k": -X}, {"sigma": "k", "sigma_is": "absolute"}, "must be positive: row 1"),
    "sigma of zero": (LINE, {**DATA, "k": 0 * X}, {"sigma": "k", "sigma_is": "absolute"}, "must be positive"),
    "sigma without its meaning": (LINE, {**DATA, "k": X}, {"sigma": "k"}, "sigma_is="),
    "inverted bounds": (LINE, DATA, {"bounds": {"w": (2, 1)}}, "lower one comes first"),
    "start outside": (LINE, DATA, {"bounds": {"w": (0, 1)}, "start": {"w": 3}}, "outside its bounds"),
    "fixed and bounded": (LINE, DATA, {"bounds": {"w": (0, 1)}, "fixed": {"w": 0.5}}, "fixed and has bounds"),
    "ties in a circle": ("y = a*x + b*x**2 + c", DATA, {"tied": {"a": "2*b", "b": "a"}}, "circle"),
    "tied to itself": ("y = a*x + c", DATA, {"tied": {"a": "2*a"}}, "circle"),
    "nothing left": (LINE, DATA, {"fixed": {"w": 1, "b": 2}}, "nothing is left to fit"),
    "no number at the start": ("y = a*log(x - k)", DATA, {"start": {"k": 1.0}}, "nan in row 1"),
    "no number anywhere": ("y = a*log(-x)", DATA, {}, "nan in row 1"),
    "overflow at the start": ("y = a*exp(b*x)", {**DATA, "x": 1000 * X}, {"start": {"b": 5}}, "inf in row"),
    "squares that are no numbers": (LINE, {**DATA, "y": 1e200 * Y}, {}, "other units"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_at_the_door_in_words(name):
    model, data, plan, words = REFUSED[name]
    with pytest.raises(ds.DownslopeError, match=words):
        ds.fit(model, data, **plan)


UNTRUSTED = {
    "constant column": ("y = a*k + b", {**DATA, "k": np.full(12, 7.0)}, {}, "cannot tell a and b apart"),
    "collinear columns": ("y = a*x + b*z", {**DATA, "z": 3 * X}, {}, "cannot tell a and b apart"),
    "collinear but for rounding": (
        "y = a*x + b*z",
        {**DATA, "z": 3 * X * (1 + 1e-15)},
        {},
        "cannot tell a and b apart",
    ),
    "column of zeros": ("y = a*x + b*z", {**DATA, "z": 0 * X}, {}, "b has no effect"),
    "product": ("y = a*b*x", DATA, {}, "cannot tell a and b apart"),
    "all rows in one place": (LINE, {**DATA, "x": np.full(12, 3.0)}, {}, "cannot tell w and b apart"),
    "target that does not vary": (LINE, {**DATA, "y": np.full(12, 5.0)}, {}, "y is 5 in every row"),
    "the same, nonlinear": ("y = a*exp(-b*x) + c", {**DATA, "y": np.full(12, 5.0)}, {}, "y is 5 in every row"),
    "the same, with kinks": (LINE, {**DATA, "y": np.full(12, 5.0)}, {"loss": "mae"}, "y is 5 in every row"),
    "no minimum at all": ("y = a*x/(b + x)", {**DATA, "y": X}, {}, ""),
    "classes apart": ("y = a + b*x", {**DATA, "y": (X > 1.5) * 1.0}, {"loss": "logistic"}, ""),
    "more parameters, by name": (
        "y = a*x**2 + b*x + c",
        {"x": [1.0, 2.0], "y": [1.0, 2.0]},
        {"optimizer": "adam"},
        "only 2 rows: many other values fit as well",
    ),
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_what_the_data_cannot_tell_is_untrusted_with_its_reason_and_no_made_up_error(name):
    model, data, plan, words = UNTRUSTED[name]
    fit = ds.fit(model, data, **plan)
    assert fit.state == "untrusted"
    assert any(words in reason for reason in fit.reasons), fit.reasons
    if fit.run.uncertainty is not None and fit.run.uncertainty.undetermined:
        assert np.isinf(list(fit.errors.values())).any()


def test_outside_of_its_domain_a_model_is_no_obstacle_inside():
    """log(x - k) is no number for k > 0.1, and the search begins at k = 1."""
    fit = ds.fit("y = a*log(x - k) + b", {"x": X, "y": np.log(X + 0.4) + 0.01 * np.sin(9 * X)})
    assert fit.state == "certified" and -0.8 < fit.params["k"] < 0.1


@pytest.mark.parametrize("scale", [1e-150, 1e-50, 1e50, 1e150])
def test_columns_far_from_one_are_no_obstacle(scale):
    fit = ds.fit(LINE, {"x": scale * X, "y": Y})
    plain = ds.fit(LINE, DATA)
    assert fit.state == "certified"
    assert fit.params["w"] * scale == pytest.approx(plain.params["w"], rel=1e-9)
    assert fit.errors["b"] == pytest.approx(plain.errors["b"], rel=1e-9)


@pytest.mark.parametrize("y", [[0.0, 2.0, 4.0], [-1.0, 0.0, 1.0], [2.0, 2.0, 2.5], [0.0, 0.0, 1e-9]])
def test_small_exact_tables_are_certified(y):
    fit = ds.fit(LINE, {"x": [0.0, 1.0, 2.0], "y": y})
    w, b = np.polyfit([0, 1, 2], y, 1)
    assert fit.state == "certified"
    assert fit.params == pytest.approx({"w": w, "b": b}, abs=1e-12)


def test_the_only_end_of_many_starts_is_not_trusted():
    x = np.linspace(0, 40, 60)
    y = np.sin(1.3 * x) * np.sin(2.9 * x) + 0.8 * np.random.default_rng(3).normal(size=60)
    fit = ds.fit("y = a*sin(b*x)*sin(c*x + d)*exp(-e*x)", {"x": x, "y": y})
    if fit.certificate is not None and fit.certificate.agreed == 1:
        assert fit.state == "untrusted" and any("only one of" in reason for reason in fit.reasons)
    if fit.state == "certified":
        assert fit.certificate.agreed >= 2
    assert all(not error < 0 for error in fit.errors.values()), "nor is it made of negative variances"


def test_asking_for_steps_and_getting_them_is_usable():
    fit = ds.fit(LINE, DATA, optimizer="gd", learning_rate=0.01, steps=10)
    assert fit.state == "usable" and "as asked" in fit.reasons[0]
    assert f"{fit.certificate.gap:.2g}"[:3] in fit.reasons[0]


def test_a_search_that_may_not_take_its_steps_is_not_certified():
    fit = ds.fit("y = a*exp(-b*x) + c", DATA, optimizer="levenberg-marquardt", steps=2, start={"b": 3.0})
    assert fit.state in ("usable", "untrusted")
