"""Trimmed: a fit that a few rows cannot pull, to see which rows are far from what the others say.

Least trimmed squares (Rousseeuw 1984): the fit whose h smallest squares have the smallest sum. It is sought from many
small samples of rows, each improved by fitting to the h rows that are nearest (Rousseeuw and Van Driessen 2006).
"""

import numpy as np

SAMPLES, BEST, IMPROVEMENTS = 100, 5, 10
MOST_NUMBERS = 1e7
"""Samples times rows times parameters, up to which it is worth the time."""


def farthest(basis: np.ndarray, rest: np.ndarray, most: int, seed: int = 0) -> np.ndarray | None:
    """Places of so many rows, the farthest from the trimmed fit first; None for a table that is too large.

    Args:   basis: (n, r), orthonormal columns of what can be fitted; rest: (n,), what is to be.

    >>> basis, rest = np.full((9, 1), 1/3), np.array([0.1, 8.0, -0.1, 0.2, 9.0, 0.0, -0.2, 0.1, 0.0])
    >>> farthest(basis, rest, 2).tolist()
    [4, 1]
    """
    rows, columns = basis.shape
    if not columns or SAMPLES * rows * columns > MOST_NUMBERS or rows <= columns + most:
        return None
    kept = rows - most
    generator = np.random.default_rng(seed)
    samples = np.array([generator.choice(rows, columns, replace=False) for _ in range(SAMPLES)])
    answers = np.einsum("spq,sq->sp", np.linalg.pinv(basis[samples]), rest[samples])
    for _ in range(2):
        answers = _improved(basis, rest, answers, kept)
    answers = answers[np.argsort(_costs(basis, rest, answers, kept), kind="stable")[:BEST]]
    for _ in range(IMPROVEMENTS):
        answers = _improved(basis, rest, answers, kept)
    best = answers[int(np.argmin(_costs(basis, rest, answers, kept)))]
    return np.argsort(-np.abs(rest - basis @ best), kind="stable")[:most]


def _costs(basis: np.ndarray, rest: np.ndarray, answers: np.ndarray, kept: int) -> np.ndarray:
    """Sums of the smallest squares of some fits (s, r): (s,)."""
    squares = (rest - answers @ basis.T) ** 2
    return np.partition(squares, kept - 1, axis=1)[:, :kept].sum(axis=1)


def _improved(basis: np.ndarray, rest: np.ndarray, answers: np.ndarray, kept: int) -> np.ndarray:
    """Fits (s, r) to the rows that are nearest to some fits: their trimmed squares are no larger."""
    near = np.argpartition((rest - answers @ basis.T) ** 2, kept - 1, axis=1)[:, :kept]
    some = basis[near]
    across = some.transpose(0, 2, 1)
    # the columns are orthonormal over all rows: most of them are nearly so over some, and squares lose no digits
    return (np.linalg.pinv(across @ some, hermitian=True) @ (across @ rest[near][:, :, None]))[:, :, 0]
