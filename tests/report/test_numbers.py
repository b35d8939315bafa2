import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.report.numbers import aligned, number, with_error

ANY = st.floats()


@given(ANY)
def test_number_keeps_six_digits_and_is_short(value):
    text = number(value)
    assert len(text) <= 13
    if math.isfinite(value):
        assert float(text) == pytest.approx(value, rel=5.1e-6, abs=0)


@given(st.floats(min_value=1e-4, max_value=9.99999e8) | st.floats(min_value=-9.99999e8, max_value=-1e-4))
def test_ordinary_sizes_have_no_exponent(value):
    assert "e" not in number(value)


@given(ANY, ANY)
def test_any_value_with_any_error_can_be_said(value, error):
    assert " ± " in with_error(value, error)


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (1.0, 0.0996, "1.00 ± 0.10"),
        (0.0, 1.0, "0.0 ± 1.0"),
        (5e-5, 1e-6, "(5.00 ± 0.10)e-5"),
        (1e300, 1e299, "(1.00 ± 0.10)e300"),
        (1.0, math.nan, "1 ± nan"),
        (-1e-9, 1.0, "0.0 ± 1.0"),
    ],
)
def test_error_sets_the_digits(value, error, said):
    assert with_error(value, error) == said


@given(st.lists(ANY, max_size=6).map(lambda values: [number(value) for value in values]))
def test_aligned_texts_have_one_width_and_the_same_content(texts):
    columns = aligned(texts)
    assert len({len(text) for text in columns}) <= 1
    assert [text.strip() for text in columns] == texts
    assert len({text.index(".") for text in columns if "." in text}) <= 1
