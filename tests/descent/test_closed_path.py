"""Where plain descent is after any number of steps: the path of a loop written by hand, without its steps."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.descent import Descent, Straight, as_rates, as_rule
from downslope.descent.closed_path import can_jump, closed_path

NAMES = ("a", "b", "c", "d", "e")


def by_hand(matrix, right, rule, rate, start, steps):
    """The ten lines that a student writes: params, losses, gradients and moves, a row each step."""
    name, _, rest = rule.partition("(")
    past = float(rest.rstrip(")")) if rest else 0.0
    params, trace, rows = np.array(start, dtype=float), np.zeros(len(start)), []
    with np.errstate(all="ignore"):
        for _ in range(steps + 1):
            residual = matrix @ params - right
            gradient = 2 * matrix.T @ residual / len(right)
            trace = gradient + past * trace
            move = -rate * (gradient + past * trace if name == "nesterov" else trace)
            rows.append((params, residual @ residual / len(right), gradient, move))
            params = params + move
    return [np.array(column) for column in zip(*rows, strict=True)]


def jumped(matrix, right, rule, rate, start, steps, each=1, **more):
    names = NAMES[: len(start)]
    descent = Descent(
        None, None, len(right), names, as_rule(rule), as_rates(rate, steps), np.array(start), steps, **more
    )
    return list(closed_path(descent, Straight(matrix, right, float(len(right))), lambda _: [each]))


def data(rows, size, seed, spread=1.0):
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(rows, size)) * np.geomspace(1, 1 / spread, size)
    return matrix, generator.normal(size=rows) + matrix @ generator.normal(size=size), generator.normal(size=size)


@settings(max_examples=60)
@given(
    rows=st.integers(1, 40),
    size=st.integers(1, 5),
    seed=st.integers(0, 999),
    spread=st.sampled_from([1.0, 1e2, 1e4]),
    rule=st.sampled_from(["gd", "momentum(0.5)", "momentum(0.97)", "nesterov(0.3)", "nesterov(0.95)", "momentum(0)"]),
    part=st.sampled_from([1e-6, 0.01, 0.5, 0.999999, 1.0, 1.9999, 2.0, 2.02]),
    steps=st.integers(1, 300),
)
@example(rows=1, size=3, seed=0, spread=1.0, rule="gd", part=2.0, steps=50)
@example(rows=30, size=2, seed=5, spread=1e4, rule="nesterov(0.95)", part=1.0, steps=300)
def test_it_is_the_path_of_a_loop_by_hand(rows, size, seed, spread, rule, part, steps):
    matrix, right, start = data(rows, size, seed, spread)
    rate = part / np.linalg.eigvalsh(2 * matrix.T @ matrix / rows)[-1]
    params, losses, gradients, moves = by_hand(matrix, right, rule, rate, start, steps)
    (block,) = jumped(matrix, right, rule, rate, start, steps)
    history = block.history
    assert history.step.tolist() == list(range(steps + 1))

    def same(here, there, scale):
        assert np.all(np.abs(here - there) <= 1e-10 * scale)

    grown = np.maximum.accumulate
    same(history.params, params, grown(np.max(np.abs(params), axis=1))[:, None])
    same(history.loss, losses, grown(losses))
    slopes = grown(np.linalg.norm(gradients, axis=1))
    same(history.gradient, gradients, slopes[:, None])
    same(history.gradient_norm, np.linalg.norm(gradients, axis=1), slopes)
    lengths = np.linalg.norm(moves, axis=1)
    same(history.step_norm[:-1], lengths[:-1], grown(lengths)[:-1])
    same(block.moves, moves, grown(lengths)[:, None])
    assert np.isnan(history.rate[-1]) and np.isnan(history.step_norm[-1]) and np.isnan(history.landing[0])
    assert np.all(history.rate[:-1] == rate)
    assert block.stopped == f"all {steps:,} steps taken"


@settings(max_examples=20)
@given(
    seed=st.integers(0, 999), rule=st.sampled_from(["gd", "momentum(0.9)", "nesterov(0.6)"]), cut=st.integers(1, 199)
)
def test_going_on_from_its_memory_is_the_same_as_not_having_stopped(seed, rule, cut):
    matrix, right, start = data(20, 3, seed)
    whole = jumped(matrix, right, rule, 0.02, start, 200)[-1]
    first = jumped(matrix, right, rule, 0.02, start, cut)[-1]
    second = jumped(matrix, right, rule, 0.02, start, 200 - cut, memory=first.memory, first_norm=1.0)[-1]
    assert second.stopped == f"all {200 - cut} further steps taken"
    assert second.memory == pytest.approx(whole.memory, rel=1e-11, abs=1e-12)
    assert second.history.landing == pytest.approx(whole.history.landing[cut:], rel=1e-8, abs=1e-8, nan_ok=True)


def test_a_row_is_the_same_whichever_others_are_asked_for():
    matrix, right, start = data(30, 4, 3)
    all_rows = jumped(matrix, right, "momentum(0.8)", 0.05, start, 5000)[-1].history
    few = jumped(matrix, right, "momentum(0.8)", 0.05, start, 5000, each=512)[-1].history
    places = np.searchsorted(all_rows.step, few.step)
    for name in ("params", "loss", "gradient", "landing"):
        here, there = few.columns[name], all_rows.columns[name][places]
        assert np.array_equal(here, there, equal_nan=True), name


def test_columns_of_very_different_units_keep_their_digits():
    """The eigenvalues of RᵀR would be rounding; one parameter moves by what is next to nothing beside the other."""
    matrix, right, _ = data(50, 3, 7, spread=1e10)
    rate = 1.0 / np.linalg.eigvalsh(2 * matrix.T @ matrix / 50)[-1]
    params, *_ = by_hand(matrix, right, "gd", rate, np.zeros(3), 500)
    history = jumped(matrix, right, "gd", rate, np.zeros(3), 500)[-1].history
    assert history.params[1:] == pytest.approx(params[1:], rel=1e-10)


@pytest.mark.parametrize(
    "rule, rate, steps, worth",
    [
        ("gd", 0.1, 1_000_000, True),
        ("momentum(0.9)", 0.1, 1_000_000, True),
        ("nesterov", 0.1, 1_000_000, True),
        ("gd", 0.1, 10_000, False),
        ("gd", "cosine(0.1)", 1_000_000, False),
        ("adam", 0.1, 1_000_000, False),
        ("gd", "plateau(0.1)", 1_000_000, False),
    ],
)
def test_it_is_for_plain_rules_at_one_rate_and_many_steps(rule, rate, steps, worth):
    assert can_jump(as_rule(rule), as_rates(rate, steps), steps) == worth


X = np.random.default_rng(1).uniform(-1, 3, 60)
TABLE = {
    "x": X,
    "y": 0.5 * X - 1 + 0.3 * np.random.default_rng(2).normal(size=60),
    "v": np.random.default_rng(3).uniform(0, 2, 60),
}
STEEPEST = float(
    np.linalg.eigvalsh(2 * np.column_stack([X, np.ones(60)]).T @ np.column_stack([X, np.ones(60)]) / 60)[-1]
)


def fitted(**more):
    settings = {"optimizer": "gd", "learning_rate": 0.01, "steps": 12_000, "start": {"w": 2.0, "b": 1.0}} | more
    return ds.fit("y = w*x + b", TABLE, **settings)


def both(monkeypatch, **more):
    """The fit by its closed path, and by the loop."""
    jumping = fitted(**more)
    assert any("are not taken one by one" in note for note in jumping.notes)
    monkeypatch.setattr("downslope.descent.closed_path.FROM", 10**12)
    stepping = fitted(**more)
    assert not any("are not taken one by one" in note for note in stepping.notes)
    return jumping, stepping


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"optimizer": "nesterov(0.8)", "scale": "columns"},
        {"optimizer": "momentum(0.9)", "weights": "v", "learning_rate": 1e-4},
        {"fixed": {"b": 0.3}, "start": {"w": 2.0}},
        {"tied": {"b": "1 - 2*w"}, "start": {"w": 2.0}, "optimizer": "momentum"},
        {"validation": 0.25},
        {"learning_rate": 2.01 / STEEPEST, "steps": 60_000},
        {"learning_rate": 2.001 / STEEPEST},
        {"tolerance": 1e-6, "learning_rate": 1e-3, "steps": 60_000},
    ],
    ids=lambda more: "-".join(f"{name}={value}" for name, value in more.items()) or "plain",
)
def test_a_fit_keeps_the_rows_of_the_loop(monkeypatch, more):
    here, there = both(monkeypatch, **more)
    assert (here.stopped, here.state) == (there.stopped, there.state)
    assert here.history.step[[0, -1]].tolist() == there.history.step[[0, -1]].tolist()
    shared, mine, loops = np.intersect1d(here.history.step, there.history.step, return_indices=True)
    assert (
        shared.size >= max(len(here.history), len(there.history)) - 1
    )  # the best of a level stretch is a matter of rounding
    for name in ("params", "gradient", "rate", "step_norm", "gradient_norm"):
        one, other = here.history.columns[name][mine], there.history.columns[name][loops]
        scale = np.max(np.abs(other), where=np.isfinite(other), initial=0.0)
        assert one == pytest.approx(other, rel=1e-10, abs=1e-10 * min(scale, 100.0), nan_ok=True), name
    assert here.history.loss[mine] == pytest.approx(there.history.loss[loops], rel=1e-10)
    assert here.loss == pytest.approx(there.loss, rel=1e-10)


def test_a_descent_that_runs_off_is_followed_to_its_very_last_number(monkeypatch):
    here, there = both(monkeypatch, learning_rate=2.01 / STEEPEST, steps=10**9)
    assert here.stopped == "not finite" and here.state == "untrusted"
    assert here.history.step[-1] == there.history.step[-1] < 10**9
    assert np.isfinite(here.history.loss[-2])


def test_epoch_a_thousand_million_is_known():
    fit = fitted(learning_rate=1e-9, steps=10**9)
    assert fit.history.step[-1] == 10**9 and len(fit.history) < 10_000
    slow = 1 - np.exp(1e9 * np.log1p(-1e-9 * 2 * np.sum(X**2) / 60))  # of w alone, with b fixed
    alone = fitted(learning_rate=1e-9, steps=10**9, fixed={"b": 0.0}, start={"w": 2.0})
    best = np.sum(X * TABLE["y"]) / np.sum(X**2)
    assert alone.params["w"] == pytest.approx(2.0 + slow * (best - 2.0), rel=1e-10)


def test_a_run_of_the_loop_is_gone_on_with_and_the_other_way_round(monkeypatch):
    whole = fitted(optimizer="momentum(0.9)", steps=40_000, learning_rate=1e-4)
    loop_first = fitted(optimizer="momentum(0.9)", steps=9_000, learning_rate=1e-4).resume(steps=31_000)
    loop_last = fitted(optimizer="momentum(0.9)", steps=39_000, learning_rate=1e-4).resume(steps=1_000)
    for other in (loop_first, loop_last):
        assert other.history.step[-1] == 40_000
        assert other.run.memory == pytest.approx(whole.run.memory, rel=1e-9, abs=1e-12)


def test_a_run_that_has_come_to_rest_is_gone_on_with():
    """Its slopes are so small by then that their squares are nothing."""
    rested = fitted(steps=60_000).resume(steps=60_000)
    assert rested.history.step[-1] == 120_000 and rested.state == "certified"


def test_who_wants_a_line_each_so_many_steps_gets_them(capsys):
    fitted(steps=100_000, progress=25_001)
    steps = [int(line.split()[1].replace(",", "").rstrip(":")) for line in capsys.readouterr().out.splitlines() if line]
    assert steps == [0, 25_001, 50_002, 75_003, 100_000]


def test_the_lowest_row_is_kept_where_it_lies_between_others():
    """Just beyond the stable rate the loss falls for some steps before it rises for good."""
    rate = 2.00001 / STEEPEST
    fit = fitted(learning_rate=rate, steps=50_000)
    design = np.column_stack([X, np.ones(60)])
    _, losses, *_ = by_hand(design, TABLE["y"], "gd", rate, [2.0, 1.0], 1000)
    assert fit.history.step[fit.history.best] == np.argmin(losses)
