import json

import pytest

from downslope.cli.main import main

FORMULA = "celsius = w*unknown + b"


@pytest.fixture
def readings(thermometer_csv, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readings.csv").write_text(thermometer_csv)
    return "readings.csv"


def test_a_scan_prints_its_summary_and_a_picture(readings, capsys):
    assert main(["scan", readings, FORMULA, "--steps", "500", "--learning-rate", "0.01"]) == 0
    said = capsys.readouterr().out
    assert "limit      0.0003399" in said and "learning rate (log scale)" in said and "yours      0.01 diverges" in said


def test_json_rates_and_a_picture_file(readings, capsys, tmp_path):
    words = ["scan", readings, FORMULA, "--rates", "1e-4, 1e-3", "--steps", "200", "--json", "--plot", "rates.png"]
    assert main(words) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["rates"] == [1e-4, 1e-3] and values["outcomes"] == ["stalls", "diverges"]
    assert (tmp_path / "rates.png").read_bytes()[:4] == b"\x89PNG"
    assert main([*words, "--quiet"]) == 4
    assert "rates.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["scan"], 2, "scan needs data and a formula"),
        (["scan", "readings.csv"], 2, "scan needs data and a formula"),
        (["scan", "none.csv", FORMULA], 3, "none.csv"),
        (["scan", "readings.csv", FORMULA, "--rates", "fast"], 2, "numbers with commas"),
        (["scan", "readings.csv", FORMULA, "--rates", "0.1,-1"], 2, "positive numbers"),
        (["scan", "readings.csv", FORMULA, "--optimizer", "lbfgs"], 2, "takes no learning rate"),
        (["scan", "readings.csv", FORMULA, "--plot", "rates.doc"], 2, "png"),
        (["scan", "readings.csv", FORMULA, "--plot", "readings.csv", "--force"], 4, "is read by this command"),
    ],
)
def test_bad_requests_end_as_others_do(readings, capsys, words, code, said):
    assert main(words) == code
    assert said in capsys.readouterr().err
