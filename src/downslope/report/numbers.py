"""Numbers as they are printed, by one rule.

A value stands with six significant digits, trailing zeros left out; with its error, to the second digit of the error.
From 0.0001 up to a milliard it is written out, beyond that with an exponent: 1.23457e12.
"""

import math
from collections.abc import Sequence

DIGITS = 6
MOST_PLACES = 16
SMALLEST, LARGEST = 1e-4, 1e9
DOUBLE = 15
"""Significant digits that every double has."""


def number(value: float | int, digits: int = DIGITS) -> str:
    """One number.

    >>> [number(value) for value in (5.367089798, -17.30122252, 0.1, 200, 1763884.54, 1e-4, 0)]
    ['5.36709', '-17.3012', '0.1', '200', '1763885', '0.0001', '0']
    >>> [number(value) for value in (6.49159e13, -1e300, 2.5e-7, math.inf, math.nan)]
    ['6.49159e13', '-1e300', '2.5e-7', 'inf', 'nan']
    """
    value = float(value)
    if not math.isfinite(value):
        return repr(value)
    if value == 0:
        return "0"
    if not SMALLEST <= abs(value) < LARGEST:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{_short(mantissa)}e{int(power)}"
    return _short(f"{value:.{max(0, digits - 1 - _power(value))}f}")


def with_error(value: float | int, error: float | int) -> str:
    """A value and its error, to the second significant digit of the error.

    >>> with_error(5.36772, 0.355386), with_error(-17.3048, 1.92723), with_error(123456, 789)
    ('5.37 ± 0.36', '-17.3 ± 1.9', '123460 ± 790')
    >>> with_error(1.23456e12, 3.4e9), with_error(2.0, math.inf)
    ('(1.2346 ± 0.0034)e12', '2 ± inf')

    An error that lies beyond the digits of a double stands by itself:

    >>> with_error(2.0000000000000004, 1.2e-17)
    '2 ± 1.2e-17'
    """
    value, error = float(value), float(error)
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return f"{number(value)} ± {number(error)}"
    if error < abs(value) * 10.0**-DOUBLE:
        return f"{number(value, DOUBLE)} ± {number(error, 2)}"
    largest = max(abs(value), error)
    if not SMALLEST <= largest < LARGEST:
        power = _power(largest)
        ten = 10.0 ** (power // 2)  # in two parts: 10**308 is a number, 10**-308 and 10**309 are not quite
        value, error = (part / ten / 10.0 ** (power - power // 2) for part in (value, error))
        return f"({with_error(value, error)})e{power}"
    places = 1 - _power(float(f"{error:.1e}"))
    return f"{_rounded(value, places)} ± {_rounded(error, places)}"


def ends(low: float, high: float) -> tuple[str, str]:
    """The ends of an interval, to the second significant digit of half its width.

    >>> ends(-21.66412, -12.945), ends(0.0012, 21.3), ends(5.36772e7, 5.36776e7), ends(-math.inf, 3.14159)
    (('-21.7', '-12.9'), ('0', '21'), ('53677200', '53677600'), ('-inf', '3.14159'))
    """
    half = (high - low) / 2
    if not (math.isfinite(half) and half > 0):
        return number(low), number(high)
    places = 1 - _power(float(f"{half:.1e}"))
    if SMALLEST <= max(abs(low), abs(high)) < LARGEST and places <= MOST_PLACES:
        return _rounded(low, places), _rounded(high, places)
    texts = [number(value, min(max(_power(value) + places + 1, 1), MOST_PLACES)) for value in (low, high)]
    return texts[0], texts[1]


def aligned(numbers: Sequence[str]) -> list[str]:
    """Numbers one under the other, decimal points in one column, all of one width.

    >>> aligned(["5.36709", "-17.3012", "200"])
    ['  5.36709', '-17.3012 ', '200      ']
    """
    heads = [len(text.split(".")[0].split("e")[0].split(" ")[0]) for text in numbers]
    shifted = [" " * (max(heads, default=0) - head) + text for head, text in zip(heads, numbers, strict=True)]
    width = max(map(len, shifted), default=0)
    return [text.ljust(width) for text in shifted]


def count(whole: int) -> str:
    """A count, thousands apart.

    >>> count(5000)
    '5,000'
    """
    return f"{whole:,}"


def _rounded(value: float, places: int) -> str:
    """To so many places behind the point, or before it; no minus in front of nothing."""
    return f"{round(value, places) + 0.0:.{max(0, places)}f}"


def _power(value: float) -> int:
    """The power of ten of the first digit."""
    return int(f"{value:.{DIGITS - 1}e}".split("e")[1])


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
