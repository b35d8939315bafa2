"""Steps on the factor of many rows are the steps that a loop over all of them takes."""

import numpy as np
import pytest

import downslope as ds

ROWS = 20_000
RULES = ["gd", "momentum(0.7)", "nesterov(0.5)", "adam", "rmsprop"]


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(4)
    x = generator.uniform(-1, 3, ROWS)
    y = 0.5 * x - 1 + 0.3 * generator.normal(size=ROWS)
    return ds.read({"x": x, "y": y, "s": generator.uniform(0.5, 2, ROWS), "v": generator.uniform(0, 2, ROWS)})


def plan(**more):
    return {"optimizer": "gd", "learning_rate": 0.05, "steps": 60, "start": {"w": 2.0, "b": 1.0}} | more


@pytest.mark.parametrize("rule", ["gd", "momentum(0.7)", "nesterov(0.5)"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_path_is_that_of_a_hand_written_loop(table, rule, weighted):
    fit = ds.fit("y = w*x + b", table, **plan(optimizer=rule, weights="v" if weighted else None))
    assert any("factor R" in note for note in fit.notes)
    x, y = table["x"], table["y"]
    weights = table["v"] / table["v"].sum() if weighted else np.full(ROWS, 1 / ROWS)
    past = {"gd": 0.0, "momentum(0.7)": 0.7, "nesterov(0.5)": 0.5}[rule]
    params, trace = np.array([2.0, 1.0]), np.zeros(2)
    for step in range(61):
        residual = params[0] * x + params[1] - y
        assert fit.history.params[step] == pytest.approx(params, rel=1e-10)
        assert fit.history.loss[step] == pytest.approx(weights @ residual**2, rel=1e-10)
        gradient = 2 * np.array([(weights * residual) @ x, weights @ residual])
        assert fit.history.gradient[step] == pytest.approx(gradient, rel=1e-9, abs=1e-12)
        trace = gradient + past * trace
        params = params - 0.05 * (gradient + past * trace if rule.startswith("nesterov") else trace)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"scale": "columns"},
        {"sigma": "s", "sigma_is": "absolute"},
        {"fixed": {"b": 0.25}, "start": {"w": 2.0}},
        {"tied": {"b": "1 - 2*w"}, "start": {"w": 2.0}},
        {"bounds": {"w": (0.7, None)}},
    ],
    ids=lambda more: "-".join(more) or "plain",
)
def test_it_is_the_path_over_blocks_of_rows(table, rule, more, monkeypatch):
    settings = plan(optimizer=rule, **more)
    on_factor = ds.fit("y = w*x + b", table, **settings)
    monkeypatch.setattr("downslope.problem.MANY_ROWS", 10 * ROWS)
    by_blocks = ds.fit("y = w*x + b", table, **settings)
    assert not any("factor R" in note for note in by_blocks.notes)
    for name in ("params", "loss", "rate", "gradient_norm", "step_norm"):
        here, there = on_factor.history.columns[name], by_blocks.history.columns[name]
        assert here == pytest.approx(there, rel=1e-9, abs=1e-11, nan_ok=True), name
    assert on_factor.loss == pytest.approx(by_blocks.loss, rel=1e-12)
    assert on_factor.errors == pytest.approx(by_blocks.errors, rel=1e-8, nan_ok=True)
    assert on_factor.state == by_blocks.state


def test_going_on_is_the_same_as_not_having_stopped(table):
    whole = ds.fit("y = w*x + b", table, **plan(steps=60))
    parts = ds.fit("y = w*x + b", table, **plan(steps=25)).resume(steps=35)
    assert np.array_equal(whole.history.params, parts.history.params)


def test_batches_and_other_losses_see_the_rows(table):
    for more in ({"batch_size": 50}, {"loss": "huber(1)"}):
        fit = ds.fit("y = w*x + b", table, **plan(**more))
        assert not any("factor R" in note for note in fit.notes)


def test_again_is_the_same_as_anew(table):
    before = ds.fit("y = w*x + b", table, **plan())
    for change in (
        {"learning_rate": 0.1},
        {"steps": 7},
        {"start": {"w": 0.0}},
        {"optimizer": "adam"},
        {"loss": "huber(1)"},
        {"scale": "columns"},
        {"bounds": {"w": (0.6, None)}},
        {"batch_size": 64, "seed": 5},
        {"validation": 0.25, "seed": 3},
    ):
        anew = ds.fit("y = w*x + b", table, **(plan() | change))
        again = before.again(**change)
        assert again.plan == anew.plan
        assert np.array_equal(again.history.params, anew.history.params), change
        assert again.state == anew.state
        assert again.notes == anew.notes


def test_again_refuses_what_fit_refuses(table):
    before = ds.fit("y = w*x + b", table, **plan())
    for change, words in (
        ({"start": {"q": 1.0}}, "no parameter in start named 'q'"),
        ({"rate": 1}, "no setting named 'rate'"),
        ({"steps": -1}, "steps is -1"),
    ):
        with pytest.raises(ds.RequestError) as anew:
            ds.fit("y = w*x + b", table, **(plan() | change))
        with pytest.raises(ds.RequestError) as again:
            before.again(**change)
        assert str(anew.value) == str(again.value)
        assert words.split(" named")[0].split(" is")[0].split()[-1] in str(again.value)


def test_no_matrix_of_all_rows_is_made(table, monkeypatch):
    def refuse(problem):
        raise AssertionError("this is as large as the data")

    monkeypatch.setattr("downslope.problem.Problem.design", property(refuse))
    monkeypatch.setattr("downslope.problem.Problem.rows", property(refuse))
    for more in ({}, {"scale": "columns"}, {"weights": "v"}, {"fixed": {"b": 0.25}}, plan(), plan(optimizer="adam")):
        assert ds.fit("y = w*x + b", table, **more).state in ("certified", "usable")


@pytest.mark.parametrize("more", [{}, {"weights": "v"}, {"sigma": "s", "sigma_is": "relative"}], ids=str)
def test_the_answer_and_its_errors_are_those_of_lapack(table, more):
    fit = ds.fit("y = w*x + b*exp(s) + c", table, **more)
    root = np.sqrt(table["v"]) if "weights" in more else 1 / table["s"] if "sigma" in more else np.ones(ROWS)
    design = np.column_stack([table["x"], np.exp(table["s"]), np.ones(ROWS)]) * root[:, None]
    best, squares, *_ = np.linalg.lstsq(design, table["y"] * root, rcond=None)
    errors = np.sqrt(squares[0] / (ROWS - 3) * np.diag(np.linalg.inv(design.T @ design)))
    assert list(fit.params.values()) == pytest.approx(best, rel=1e-11)
    assert list(fit.errors.values()) == pytest.approx(errors, rel=1e-8)
    assert fit.state == "certified"


def test_a_function_is_factored_by_chunks_as_a_formula_is(table):
    def line(x, w, b):
        return w * x + b

    by_function, by_formula = ds.fit(line, table["x"], table["y"]), ds.fit("y = w*x + b", table)
    assert by_function.params == pytest.approx(by_formula.params, rel=1e-12)
    assert by_function.errors == pytest.approx(by_formula.errors, rel=1e-10)
    assert by_function.run.chosen["optimizer"] == "closed-form"


def test_a_function_that_bends_in_a_few_rows_is_not_taken_for_linear(table):
    x = table["x"].copy()
    x[12_345] = 50.0

    def bent(x, w, b):
        return w * x + b + (x > 40) * w**2

    assert ds.fit(bent, x, table["y"]).run.chosen["optimizer"] != "closed-form"
