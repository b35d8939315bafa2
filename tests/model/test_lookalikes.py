import pytest

from downslope.errors import FormulaError
from downslope.model.lookalikes import check_spelling, shape, twin


@pytest.mark.parametrize("name", ["x", "größe", "Δx", "ρ_water", "ν_max", "скорость", "température_1", "変数"])
def test_names_of_one_hand_are_fine(name):
    check_spelling(name, name, 0)


@pytest.mark.parametrize("name", ["pаyload", "xο", "Αlpha", "speed_с"])
def test_mixed_alphabets_are_refused(name):
    with pytest.raises(FormulaError, match="looks like"):
        check_spelling(name, name, 0)


def test_twins():
    assert twin("х", ["y", "x"]) == "x"
    assert twin("x", ["y", "х"]) == "х"
    assert twin("x", ["x", "y", "χ"]) is None
    assert shape("ｘ") == "x"
