import pytest

from downslope.cli.main import main

ROWS = "sensor,x,y\nnorth,0,1\nnorth,1,3.1\nnorth,2,4.9\nsouth,0,2\nsouth,1,2.6\nsouth,2,4.3\neast,0,1\n"
LINE = "y = w*x + b"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(ROWS)
    return tmp_path


def test_one_row_a_group_in_the_terminal(capsys):
    assert main(["many", "data.csv", LINE, "--by", "sensor"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "sensor,rows,w,b,w_error,b_error,loss,state,reason" and lines[1].startswith("north,3,1.95")
    assert "3 fits of y = w*x + b by sensor: 2 certified, 1 untrusted" in said.err
    assert "'east': 2 parameters, but only 1 row" in said.err


def test_a_file_and_what_is_required(folder, capsys):
    words = ["many", "data.csv", LINE, "--by", "sensor", "-o", "fits.csv"]
    assert main(words) == 0
    assert "wrote fits.csv: 3 rows" in capsys.readouterr().out
    assert main(words) == 4 and "fits.csv exists" in capsys.readouterr().err
    assert main([*words, "--force", "--require", "usable", "--quiet"]) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["many", "data.csv", "--by", "sensor"], 2, "many needs data and a formula"),
        (["many", "data.csv", LINE], 2, "--by"),
        (["many", "data.csv", LINE, "--by", "sensr"], 2, "Did you mean 'sensor'"),
        (["many", "data.csv", "y = w*z + b", "--by", "sensor", "--target", "y"], 2, "leave target out"),
        (["many", "none.csv", LINE, "--by", "sensor"], 3, "none.csv does not exist"),
        (["many", "data.csv", LINE, "--by", "sensor", "-o", "data.csv", "--force"], 4, "is read by this command"),
        (["many", "data.csv", LINE, "--by", "sensor", "-o", "fits.doc"], 2, "ends otherwise"),
    ],
)
def test_bad_requests_end_as_others_do(capsys, words, code, said):
    assert main(words) == code
    assert said in capsys.readouterr().err


def test_where_every_group_failed_the_command_has_failed(folder, capsys):
    (folder / "data.csv").write_text("k,x,y\na,1,1\nb,1,2\n")
    assert main(["many", "data.csv", LINE, "--by", "k"]) == 1
