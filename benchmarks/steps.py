"""A whole warm `ds.fit` call against the loops of the lessons: the same steps, the same losses recorded."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np

import downslope as ds
from benchmarks.measure import Figure, faster

EPOCHS = 5000
LINE_STEPS = 200
MANY_ROWS = 1_000_000


def figures() -> Iterator[Figure | str]:
    """One figure after the other."""
    table = ds.sample("thermometer")
    x, y = 0.1 * table["unknown"], np.array(table["celsius"])

    def ours() -> ds.Fit:
        plan = {"optimizer": "gd", "learning_rate": 0.01, "steps": EPOCHS, "start": {"w": 1.0, "b": 0.0}}
        return ds.fit("t_c = w*t_u + b", {"t_u": x, "t_c": y}, **plan)

    answer = ours()
    assert len(answer.history) == EPOCHS + 1
    yield _agrees(answer, numpy_loop(x, y))
    yield faster(f"{EPOCHS} recorded thermometer epochs, against a NumPy loop", 10, ours, lambda: numpy_loop(x, y))
    if find_spec("torch"):
        torch_loop = _torch_loop(x, y)
        yield faster(f"{EPOCHS} thermometer epochs, against torch autograd + SGD", 150, ours, torch_loop, pairs=5)
    else:
        yield "skipped: torch is not installed (pip install torch==2.13.0)"

    line = ds.sample("line")

    def our_line() -> ds.Fit:
        plan = {"optimizer": "gd", "learning_rate": 0.1, "steps": LINE_STEPS, "start": {"w": 0.0, "b": -1.0}}
        return ds.fit("y = w*x + b", line, **plan)

    if find_spec("tensorflow"):
        tape_loop = _tape_loop(line["x"], line["y"])
        yield faster(
            f"{LINE_STEPS} line steps, against a TensorFlow GradientTape loop", 50, our_line, tape_loop, pairs=5
        )
    else:
        yield "skipped: tensorflow is not installed"
    yield _no_recompiling(ours, our_line)
    yield from _many_rows()


def _many_rows() -> Iterator[Figure | str]:
    """A linear model of a million rows: its factor is made once, and each step is taken on that."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 10, MANY_ROWS)
    y = 0.5 * x + 1 + generator.normal(size=MANY_ROWS)
    table = ds.read({"x": x, "y": y})
    plan = {"optimizer": "gd", "learning_rate": 0.01, "steps": LINE_STEPS, "start": {"w": 1.0, "b": 0.0}}

    def anew() -> ds.Fit:
        return ds.fit("y = w*x + b", table, **plan)

    before = anew()
    yield faster(f"{LINE_STEPS} steps over {MANY_ROWS:,} rows, against the same NumPy loop", 5, anew,
                 lambda: numpy_loop(x, y, LINE_STEPS), pairs=3)  # fmt: skip
    rates = iter(np.linspace(0.01, 0.02, 100))
    yield faster("the same again at another rate (fit.again), against anew", 3,
                 lambda: before.again(learning_rate=float(next(rates))), anew)  # fmt: skip


def numpy_loop(x: np.ndarray, y: np.ndarray, epochs: int = EPOCHS) -> np.ndarray:
    """The ten lines that a student writes; (epochs + 1, 3): loss, w, b."""
    w, b, seen = 1.0, 0.0, []
    for _ in range(epochs + 1):
        residual = w * x + b - y
        seen.append(((residual * residual).mean(), w, b))
        slope_w, slope_b = 2 * (residual * x).mean(), 2 * residual.mean()
        w, b = w - 0.01 * slope_w, b - 0.01 * slope_b
    return np.array(seen)


def _torch_loop(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """The lesson's training loop."""
    import torch

    inputs, targets = torch.tensor(x), torch.tensor(y)

    def loop() -> object:
        params = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([params], lr=0.01)
        for _ in range(EPOCHS):
            loss = ((params[0] * inputs + params[1] - targets) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return params

    return loop


def _tape_loop(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """The lesson's training loop."""
    import tensorflow as tf

    inputs, targets = tf.constant(x), tf.constant(y)

    def loop() -> object:
        w, b = tf.Variable(0.0, dtype=tf.float64), tf.Variable(-1.0, dtype=tf.float64)
        for _ in range(LINE_STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(w * inputs + b - targets))
            slope_w, slope_b = tape.gradient(loss, [w, b])
            w.assign_sub(0.1 * slope_w)
            b.assign_sub(0.1 * slope_b)
        return w, b

    return loop


def _agrees(answer: ds.Fit, path: np.ndarray) -> Figure:
    """The two are compared only if they take the same path."""
    theirs = path[1:, 1:]  # row 0 is the start, and a zero in it
    worst = float(np.max(np.abs(answer.history.params[1:] / theirs - 1)))
    return Figure("the NumPy loop takes the same path", "to 1e-9", f"to {worst:.0e}", worst <= 1e-9)


def _no_recompiling(*calls: Callable[[], object]) -> Figure:
    """Warm calls of the same shapes compile nothing."""
    from jax import monitoring

    compiled: list[str] = []
    monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: compiled.append(event) if "backend_compile" in event else None
    )
    for call in calls:
        call()
    compiled.clear()
    for call in calls:
        call()
    return Figure("programs compiled by warm calls", "0", str(len(compiled)), not compiled)
