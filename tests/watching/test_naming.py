"""Names from the callers' variables."""

from downslope.watching.naming import elements, names_of


class Net:
    def __init__(self):
        self.scale = object()

    def names(self):
        return list(names_of([self.scale]).values())


class Module:
    def __init__(self):
        self.one = object()

    def named_parameters(self):
        return [("layer.one", self.one)]


def test_variables_come_in_the_order_in_which_they_were_made():
    first, second = object(), object()
    assert list(names_of([second, first]).values()) == ["first", "second"]


def test_entries_of_lists_and_dicts():
    weights, named = [object(), object()], {"bias": object()}
    assert list(names_of([weights[1], named["bias"]]).values()) == ["weights[1]", "named['bias']"]


def test_attributes_of_self_and_parameters_of_modules():
    assert Net().names() == ["scale"]
    module = Module()
    assert list(names_of([module.one]).values()) == ["layer.one"]


def test_what_has_no_name_is_left_out():
    names = names_of([object()])
    assert names == {}


def test_all_names_differ():
    assert len(set(elements(("w", "w", "w (2)"), ((), (2,), (1,))))) == 4
