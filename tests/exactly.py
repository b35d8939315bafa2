"""Least squares in fractions: what floating point is held against."""

from fractions import Fraction

import numpy as np


def exactly(matrix, right):
    """The least-squares parameters in fractions, by Gauss's elimination of the normal equations."""
    rows = [[Fraction(float(value)) for value in row] for row in np.column_stack([matrix, right])]
    size = len(rows[0]) - 1
    table = [[sum(row[i] * row[j] for row in rows) for j in range(size + 1)] for i in range(size)]
    for i in range(size):
        pivot = next(row for row in range(i, size) if table[row][i])
        table[i], table[pivot] = table[pivot], table[i]
        table[i] = [value / table[i][i] for value in table[i]]
        for other in range(size):
            if other != i:
                table[other] = [a - table[other][i] * b for a, b in zip(table[other], table[i], strict=True)]
    return [table[i][size] for i in range(size)]
