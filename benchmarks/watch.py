"""What `ds.watch` costs a loop: the quadratic of three parameters on 20 rows, the smallest model there is to watch."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np

import downslope as ds
from benchmarks.measure import Figure, paired

STEPS = 1000
TAPE_STEPS = 200
X = np.linspace(-2.0, 2.0, 20, dtype=np.float32)
Y = (3 * X**2 + 2 * X + 1).astype(np.float32)


def figures() -> Iterator[Figure | str]:
    """One figure after the other: the whole block, its beginning and its end with it."""
    if find_spec("torch"):
        for what, loop in _torch_loops().items():
            yield _overhead(f"{what}, {STEPS} steps", 0.40, loop, STEPS)
    else:
        yield "skipped: torch is not installed (pip install torch==2.13.0)"
    if find_spec("tensorflow"):
        for what, loop in _tape_loops().items():
            yield _overhead(f"{what}, {TAPE_STEPS} steps", 0.25, loop, TAPE_STEPS)
    else:
        yield "skipped: tensorflow is not installed (pip install tensorflow==2.21.0)"


def _overhead(what: str, asked: float, loop: Callable[[], object], steps: int, pairs: int = 21) -> Figure:
    def watched() -> None:
        with ds.watch() as run:
            loop()
        if len(run.history) != steps or run.findings:
            raise RuntimeError(f"{what}: not all was seen: {run}")

    def only() -> None:
        with ds.watch():
            loop()

    watched()
    ratio, plain, ours = paired(loop, only, pairs)
    measured = f"{100 * (ratio - 1):.0f} % ({1e6 * plain / steps:.0f} µs a step, watched {1e6 * ours / steps:.0f} µs)"
    return Figure(f"overhead on {what}", f"<= {100 * asked:.0f} %", measured, ratio - 1 <= asked)


def _torch_loops() -> dict[str, Callable[[], object]]:
    import torch

    x, y = torch.tensor(X), torch.tensor(Y)

    def quadratic(abc: torch.Tensor) -> torch.Tensor:
        a, b, c = abc
        return ((a * x**2 + b * x + c - y) ** 2).mean()

    def raw() -> object:
        abc = torch.tensor([1.1, 1.1, 1.1], requires_grad=True)
        for _ in range(STEPS):
            loss = quadratic(abc)
            loss.backward()
            with torch.no_grad():
                abc -= 0.01 * abc.grad
                abc.grad.zero_()
        return abc

    def anew() -> object:
        abc = torch.tensor([1.1, 1.1, 1.1], requires_grad=True)
        for _ in range(STEPS):
            loss = quadratic(abc)
            loss.backward()
            abc = (abc - 0.01 * abc.grad).detach().requires_grad_()
        return abc

    def optimizer(kind: Callable[..., torch.optim.Optimizer]) -> Callable[[], object]:
        def loop() -> object:
            abc = torch.tensor([1.1, 1.1, 1.1], requires_grad=True)
            rule = kind([abc], lr=0.01)
            for _ in range(STEPS):
                loss = quadratic(abc)
                rule.zero_grad()
                loss.backward()
                rule.step()
            return abc

        return loop

    return {
        "a raw torch loop": raw,
        "a torch loop that makes its tensor anew": anew,
        "torch SGD": optimizer(torch.optim.SGD),
        "torch Adam": optimizer(torch.optim.Adam),
    }


def _tape_loops() -> dict[str, Callable[[], object]]:
    import tensorflow as tf

    x, y = tf.constant(X), tf.constant(Y)

    def tape() -> object:
        a, b, c = tf.Variable(1.1), tf.Variable(1.1), tf.Variable(1.1)
        for _ in range(TAPE_STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((a * x**2 + b * x + c - y) ** 2)
            for variable, slope in zip((a, b, c), tape.gradient(loss, [a, b, c]), strict=True):
                variable.assign_sub(0.01 * slope)
        return a

    def one() -> object:
        abc = tf.Variable([1.1, 1.1, 1.1])
        for _ in range(TAPE_STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((abc[0] * x**2 + abc[1] * x + abc[2] - y) ** 2)
            abc.assign_sub(0.01 * tape.gradient(loss, abc))
        return abc

    return {"a TensorFlow eager loop of three variables": tape, "a TensorFlow eager loop of one variable": one}
