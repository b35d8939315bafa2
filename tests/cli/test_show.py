import pytest

import downslope as ds
from downslope.cli import main


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit = ds.fit("y = w*x + b", ds.sample("line"), optimizer="gd", learning_rate=0.1, steps=20)
    fit.save("line.downslope")
    return fit


def test_pages_are_named_after_the_run(saved, tmp_path, capsys):
    assert main(["replay", "line.downslope"]) == 0
    assert main(["report", "line.downslope"]) == 0
    assert "wrote line-replay.html" in capsys.readouterr().out
    assert 'data-kind="report"' in (tmp_path / "line-report.html").read_text()


def test_panels_are_chosen_by_name(saved, tmp_path):
    assert main(["replay", "line.downslope", "-o", "run.html", "--panels", "loss valley:w"]) == 0
    assert '"name":"valley:w"' in (tmp_path / "run.html").read_text().replace(": ", ":")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["replay", "line.downslope", "-o", "run.txt"], 2, ".html or .gif"),
        (["report", "line.downslope", "-o", "gone/run.html"], 4, "there is no folder"),
        (["report", "line.downslope", "-o", "line.downslope", "--force"], 4, "is read by this command"),
        (["report", "nothing.downslope"], 3, "nothing.downslope"),
        (["replay", "line.downslope", "--panels", "lose"], 2, "Did you mean 'loss'"),
    ],
)
def test_what_cannot_be_done_is_said(saved, words, code, said, capsys, tmp_path):
    assert main(words) == code
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["line.downslope"]


def test_an_existing_page_is_kept(saved, tmp_path, capsys):
    (tmp_path / "line-report.html").write_text("mine")
    assert main(["report", "line.downslope"]) == 4
    assert main(["report", "line.downslope", "--force"]) == 0
