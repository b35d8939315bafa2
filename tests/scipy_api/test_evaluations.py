import numpy as np
import pytest

from downslope.scipy_api.evaluations import Evaluations

X = np.arange(4.0)


def seen(function=lambda x, a: a * x, jacobian=None, **changed):
    made = Evaluations(function, jacobian, X, **changed)
    made.rows = 4
    return made


def at(value):
    return np.array([value])


def test_no_point_twice_among_the_last():
    made = seen()
    for value in (1.0, 2.0, 1.0, 2.0, 1.0):
        np.testing.assert_array_equal(made.values(at(value)), value * X)
    assert made.calls == 2
    for value in range(300):
        made.values(at(float(value)))
    assert made.calls == 300
    made.values(at(0.0))  # forgotten by then
    assert made.calls == 301


def test_slopes_are_kept_apart_from_values():
    made = seen(jacobian=lambda x, a: x[None, :], transposed=True)
    made.values(at(1.0))
    assert made.slopes(at(1.0)).shape == (4, 1)
    with pytest.raises(TypeError, match="no jac"):
        seen().slopes(at(1.0))


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, OverflowError, np.linalg.LinAlgError])
def test_no_number_where_it_cannot_compute(error):
    def cannot(x, a):
        raise error

    made = seen(cannot)
    assert np.isnan(made.tried(at(1.0))).all() and made.raised is None


@pytest.mark.parametrize("error", [AssertionError, KeyboardInterrupt, NameError])
def test_other_exceptions_are_kept(error):
    def breaks(x, a):
        raise error

    made = seen(breaks)
    assert np.isnan(made.tried(at(1.0))).all() and type(made.raised) is error


def test_whitened_and_filled_up():
    made = seen(lambda x, a: a)
    made.whiten = 2 * np.eye(4)
    np.testing.assert_array_equal(made.tried(at(3.0)), np.full(4, 6.0))


def test_found_again_by_their_ticket():
    one, other = seen(), seen()
    assert Evaluations.of(float(one.ticket)) is one and Evaluations.of(float(other.ticket)) is other
    ticket = one.ticket
    del one
    with pytest.raises(KeyError):
        Evaluations.of(ticket)
