import math

from downslope.report import parameters


def test_each_parameter_as_a_row(trusted):
    first, second = parameters(trusted, 10)
    assert first == {
        "name": "w", "value": 5.367089798058013, "error": 0.355386, "start": 1.0, "truth": None, "text": "5.37 ± 0.36",
        "remark": "",
    }  # fmt: skip
    assert second["text"] == "-17.3 ± 1.9"
    assert len(parameters(trusted, 1)) == 1


def test_without_errors(run):
    assert [(each["error"], each["text"]) for each in parameters(run, 10)] == [(None, "5.36709"), (None, "-17.3012")]
    assert not any(math.isnan(each["start"]) for each in parameters(run, 10))
