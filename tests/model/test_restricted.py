"""A restricted model predicts what the whole one does at the full parameters, in NumPy and in JAX."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.arrays import double_precision
from downslope.errors import FormulaError, RequestError, UnknownName
from downslope.model import as_model, restrict
from downslope.model.linear import design
from downslope.objective import as_loss, build

X = np.linspace(0.1, 2.0, 17)
FORMULA = as_model("y = a*exp(-b*x) + c*x + d", ["x", "y"])
FUNCTION = as_model(lambda x, a, b, c=2.5, d=0.5: a * jnp.exp(-b * x) + c * x + d, ["x"])
READY = as_model("y = polynomial(x, degree=3)", ["x", "y"])
HINGES = as_model("y = relu_sum(x, hinges=40)", ["x", "y"])


KINDS = st.lists(st.sampled_from(["free", "fixed", "tied"]), min_size=4, max_size=4).filter(
    lambda kinds: "free" in kinds and kinds[:2] != ["tied", "tied"]
)


def read_by(place):
    """Places that a tie of these tests reads: all before it; the first reads the second."""
    return range(place) if place else (1,)


def hold(model, kinds):
    """What is fixed and what is tied: to a sum of squares."""
    names = model.parameters
    fixed = {names[k]: 0.5 + k / 8 for k in range(4) if kinds[k] == "fixed"}
    terms = {k: " + ".join(f"0.5*{names[other]}**2" for other in read_by(k)) for k in range(4) if kinds[k] == "tied"}
    return fixed, {names[k]: f"{text} - 0.25" for k, text in terms.items()}


def beside(restriction, count=1):
    """The constants as columns."""
    return {name: np.full(count, value) for name, value in restriction.constants.items()}


@settings(max_examples=25)
@given(
    model=st.sampled_from([FORMULA, FUNCTION, READY]),
    kinds=KINDS,
    seed=st.integers(0, 1000),
    count=st.sampled_from([1, X.size]),
)
def test_the_prediction_is_that_of_the_whole_model(model, kinds, seed, count):
    fixed, tied = hold(model, kinds)
    held = restrict(model, fixed, tied)
    free = np.random.default_rng(seed).uniform(0.2, 1.5, len(held.free))
    full = held.full(free)

    assert full[list(held.free)].tolist() == free.tolist()
    assert held.model.parameters == tuple(model.parameters[place] for place in held.free)
    for place, (name, value) in enumerate(zip(model.parameters, full, strict=True)):
        if name in fixed:
            assert value == fixed[name]
        if name in tied:
            assert value == pytest.approx(0.5 * sum(full[k] ** 2 for k in read_by(place)) - 0.25, rel=1e-12)

    columns = {"x": X} | beside(held, count)
    expected = model.predict(full, {"x": X})
    predicted = held.model.predict(free, columns)
    assert isinstance(predicted, np.ndarray) and predicted == pytest.approx(expected, rel=1e-12)
    with double_precision():
        traced = jax.jit(held.model.predict)(free, columns)
        assert traced.dtype == np.float64 and np.asarray(traced) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=25)
@given(kinds=KINDS, seed=st.integers(0, 1000))
def test_the_turn_is_the_derivative(kinds, seed):
    held = restrict(FORMULA, *hold(FORMULA, kinds))
    free = np.random.default_rng(seed).uniform(0.2, 1.5, len(held.free))
    turn, reach = held.turn(free), 1e-6
    steps = reach * np.eye(free.size)
    slopes = (held.full(free + steps) - held.full(free - steps)) / (2 * reach)
    assert turn.shape == (4, free.size) and turn.dtype == np.float64
    np.testing.assert_allclose(turn.T, slopes, rtol=1e-6, atol=1e-8)


@settings(max_examples=8)
@given(kinds=KINDS, seed=st.integers(0, 1000))
def test_slopes_of_the_prediction_follow_the_chain_rule(kinds, seed):
    held = restrict(FORMULA, *hold(FORMULA, kinds))
    free = np.random.default_rng(seed).uniform(0.2, 1.5, len(held.free))
    with double_precision():
        restricted = jax.jit(jax.jacfwd(held.model.predict))(free, {"x": X} | beside(held))
        whole = jax.jacfwd(FORMULA.predict)(jnp.asarray(held.full(free)), {"x": X})
    assert np.asarray(restricted) == pytest.approx(np.asarray(whole) @ held.turn(free), rel=1e-10, abs=1e-12)


def test_points_are_made_full_side_by_side():
    held = restrict(FORMULA, {"b": 3.0}, {"d": "minimum(a, c)*b"})
    free = np.random.default_rng(0).normal(size=(5, 2, 2))
    full = held.full(free)
    assert full.shape == (5, 2, 4)
    for place in np.ndindex(5, 2):
        assert full[place].tolist() == held.full(free[place]).tolist()


def test_with_nothing_fixed_or_tied_it_is_the_same_model():
    held = restrict(FORMULA, {}, {})
    assert held.model is FORMULA and held.free == (0, 1, 2, 3) and held.constants == {}
    assert held.full(np.arange(4.0)).tolist() == [0, 1, 2, 3]
    assert held.turn(np.arange(4.0)).tolist() == np.eye(4).tolist()


@pytest.mark.parametrize("model", [FORMULA, FUNCTION], ids=["formula", "function"])
def test_a_new_fixed_value_compiles_nothing(model):
    compiled = []

    @jax.jit
    def loss(params, columns):
        compiled.append(params)
        return held.model.predict(params, columns).sum()

    answers = []
    for value in (0.5, 3.0, -2.0):
        held = restrict(model, {"c": value}, {"d": "2*a"})
        with double_precision():
            answers.append(float(loss(np.array([1.0, 0.5]), {"x": X} | beside(held))))
    other = restrict(model, {"c": 7.0}, {"d": "2*a"})
    assert len(compiled) == 1 and answers[1] - answers[0] == pytest.approx(2.5 * X.sum())
    assert other.model.key == held.model.key
    assert build(other.model, as_loss("mse")) == build(held.model, as_loss("mse"))


def test_the_key_tells_apart_what_predicts_something_else():
    asked = [({"c": 1.0}, {}), ({"d": 1.0}, {}), ({}, {"c": "a"}), ({}, {"c": "b"}), ({"d": 1.0}, {"c": "a"}), ({}, {})]
    keys = {restrict(FORMULA, *each).model.key for each in asked}
    assert len(keys) == len(asked)
    assert restrict(FORMULA, {"c": 1.0}, {"d": "a"}).model.key != restrict(FUNCTION, {"c": 1.0}, {"d": "a"}).model.key
    assert restrict(FORMULA, {}, {"d": " 2*a "}).model.key == restrict(FORMULA, {}, {"d": "2*a"}).model.key


def test_models_of_equal_key_stand_in_for_each_other():
    """The compiled program of y = c + d is that of z = c + d: of the columns only the number of rows counts."""
    one = restrict(as_model("y = c + d", ["y", "x"]), {"d": 1.0}, {})
    other = restrict(as_model("z = c + d", ["z", "x"]), {"d": 5.0}, {})
    assert one.model.key == other.model.key
    for columns in ({"z": X} | beside(other), beside(other) | {"z": X}):
        assert one.model.predict(np.array([2.0]), columns).tolist() == [7.0] * X.size
        with double_precision():
            assert jax.jit(one.model.predict)(np.array([2.0]), columns).tolist() == [7.0] * X.size


def test_hundreds_of_parameters_stay_few_operations():
    held = restrict(HINGES, {"b": 1.0, "a7": 2.0}, {"k9": "k8 + 0.5"})
    free = np.random.default_rng(0).normal(size=len(held.free))
    columns = {"x": X} | beside(held)
    with double_precision():
        operations = jax.make_jaxpr(held.model.predict)(free, columns).eqns
        predicted = held.model.predict(jnp.asarray(free), columns)
    assert len(operations) < 40
    assert np.asarray(predicted) == pytest.approx(HINGES.predict(held.full(free), {"x": X}), rel=1e-12)


def test_starts_are_those_of_the_free_ones():
    assert dict(restrict(FUNCTION, {"c": 1.0}, {}).model.start({"x": X})) == {"d": 0.5}
    model = as_model("y = exponential(x)", ["x", "y"])
    columns = {"x": X, "y": np.exp(-X)}
    whole = model.start(columns)
    assert dict(restrict(model, {"c": 0.0}, {}).model.start(columns)) == {"a": whole["a"], "b": whole["b"]}


def test_a_kink_in_a_tie_is_a_kink_of_the_model():
    assert restrict(FORMULA, {"c": 1.0}, {"d": "2*a"}).model.smooth
    assert not restrict(FORMULA, {}, {"d": "abs(a)"}).model.smooth
    assert not restrict(as_model("y = a*relu(x - k) + c", ["x", "y"]), {"c": 1.0}, {}).model.smooth


def test_what_is_left_may_be_linear():
    """With the rate held, an exponential is linear in the rest; the fixed value is in the matrix."""
    held = restrict(FORMULA, {"b": 2.0}, {"d": "3*c"})
    found = design(held.model, {"x": X} | beside(held))
    np.testing.assert_allclose(found.matrix, np.column_stack([np.exp(-2 * X), X + 3]), rtol=1e-12)
    shifted = restrict(FORMULA, {"b": 2.0, "d": 7.0}, {})
    np.testing.assert_allclose(design(shifted.model, {"x": X} | beside(shifted)).offset, 7.0)


def test_no_column_can_have_the_name_of_a_constant():
    (name,) = restrict(FORMULA, {"c": 1.0}, {}).constants
    assert name.startswith("fixed c")
    with pytest.raises(FormulaError):
        as_model(f'y = w*col("{name}")', ["y", name])


@pytest.mark.parametrize(
    ("fixed", "tied", "error", "says"),
    [
        ({"q": 1.0}, {}, UnknownName, "unknown parameter 'q'"),
        ({}, {"q": "a"}, UnknownName, "unknown parameter 'q'"),
        ({}, {"a": "2*q"}, UnknownName, "in the tie of 'a': 'q'"),
        ({}, {"a": "x"}, FormulaError, "reads the column 'x'"),
        ({}, {"a": "b", "b": "a"}, RequestError, "a is tied to b, which is tied to a"),
        (dict.fromkeys("abcd", 1.0), {}, RequestError, "nothing is left to fit: 'a', 'b', 'c', 'd' are all fixed"),
        ({"a": 1.0, "b": 2.0, "c": 3.0}, {"d": "a"}, RequestError, "nothing is left to fit"),
    ],
)
def test_refused(fixed, tied, error, says):
    with pytest.raises(error) as caught:
        restrict(FORMULA, fixed, tied)
    assert says in str(caught.value)


def test_a_formula_is_restricted_and_computed_without_jax():
    code = (
        "import sys, numpy as np; from downslope.model import as_model, restrict;"
        "held = restrict(as_model('y = a*exp(-b*x) + c', ['x', 'y']), {'c': 1.0}, {'b': '2*a'});"
        "columns = {'x': np.zeros(3)} | {name: np.full(1, value) for name, value in held.constants.items()};"
        "print(held.model.predict(np.array([2.0]), columns), held.full(np.array([2.0])), 'jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[3. 3. 3.] [2. 4. 1.] False\n", "")
