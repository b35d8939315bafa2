"""Small matrices, one in each lane: positive definite systems and QR, written out along the lanes.

A library would be called once for each lane; written out, a step of the elimination is one operation for all of them.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

import jax
import jax.numpy as jnp

Matrix = list[list[jax.Array]]
"""matrix[row][column], each an array over lanes; of a lower triangle only the entries up to the diagonal are there."""
LEAST = 1e-15
"""A pivot, as a share of its diagonal entry, that rounding leaves of nothing."""


def added(terms: Iterable[jax.Array]) -> jax.Array:
    """The sum of one term or more."""
    return reduce(add, terms)


def cholesky(matrix: Matrix) -> tuple[Matrix, jax.Array]:
    """The lower factor of a symmetric matrix with a diagonal of about 1, and whether it is positive definite, in each
    lane. Where it is not, the pivot is lifted to what rounding would leave.

    >>> factor, sound = cholesky([[jnp.array(4.0)], [jnp.array(2.0), jnp.array(2.0)]])
    >>> [[float(each) for each in row] for row in factor], bool(sound)
    ([[2.0], [1.0, 1.0]], True)
    """
    lower: Matrix = []
    sound = jnp.ones((), bool)
    for row in range(len(matrix)):
        made: list[jax.Array] = []
        for column in range(row):
            rest = matrix[row][column]
            for k in range(column):
                rest = rest - made[k] * lower[column][k]
            made.append(rest / lower[column][column])
        pivot = matrix[row][row]
        for each in made:
            pivot = pivot - each * each
        least = LEAST * jnp.abs(matrix[row][row])
        sound = sound & (pivot > least)
        lower.append([*made, jnp.sqrt(jnp.maximum(pivot, jnp.maximum(least, 1e-300)))])
    return lower, sound


def forward(lower: Matrix, right: Sequence[jax.Array]) -> list[jax.Array]:
    """x of lower x = right."""
    found: list[jax.Array] = []
    for row, value in enumerate(right):
        for k in range(row):
            value = value - lower[row][k] * found[k]
        found.append(value / lower[row][row])
    return found


def backward(lower: Matrix, right: Sequence[jax.Array]) -> list[jax.Array]:
    """x of lowerᵀ x = right."""
    size = len(right)
    found = list(right)
    for row in range(size - 1, -1, -1):
        value = right[row]
        for k in range(row + 1, size):
            value = value - lower[k][row] * found[k]
        found[row] = value / lower[row][row]
    return found


def inverse(upper: Matrix) -> Matrix:
    """The inverse of an upper triangle, as a full matrix; upper[row][column] with column >= row counted from row."""
    size = len(upper)
    zero = jnp.zeros_like(upper[0][0])
    found = [[zero] * size for _ in range(size)]
    for column in range(size):
        found[column][column] = 1.0 / upper[column][0]
        for row in range(column - 1, -1, -1):
            total = zero
            for k in range(row + 1, column + 1):
                total = total + upper[row][k - row] * found[k][column]
            found[row][column] = -total / upper[row][0]
    return found


def orthogonal(columns: Sequence[jax.Array], right: jax.Array) -> tuple[Matrix, list[jax.Array]]:
    """R of a QR of columns (n, L), which have length 1 or 0, and Qᵀ right, by modified Gram-Schmidt.

    With the right side treated as one more column this is as stable as Householder's way (Björck 1967). Returns upper
    (upper[row][column - row]) and (L,) each. A column that has nothing of its own has a 0 on the diagonal.
    """
    left = list(columns)
    upper: Matrix = []
    known: list[jax.Array] = []
    for row in range(len(left)):
        length = jnp.sqrt(jnp.sum(left[row] * left[row], axis=0))
        unit = left[row] / jnp.where(length > 0, length, 1.0)
        made = [length]
        for place in range(row + 1, len(left)):
            share = jnp.sum(unit * left[place], axis=0)
            left[place] = left[place] - share * unit
            made.append(share)
        share = jnp.sum(unit * right, axis=0)
        right = right - share * unit
        upper.append(made)
        known.append(share)
    return upper, known
