"""The command line as a user meets it: words in, text, files and an exit code out."""

import json

import numpy as np
import pytest

from downslope.cli import main

LINE = "celsius = w*unknown + b"
FROM = ["--optimizer", "gd", "--start.w", "1", "--start.b", "0"]
GD = [*FROM, "--learning-rate", "0.01", "--steps", "100"]
SLOW = [*FROM, "--learning-rate", "1e-4", "--steps"]


@pytest.fixture
def folder(tmp_path, monkeypatch, thermometer_csv):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "t.csv").write_text(thermometer_csv)
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Run a command: (exit code, what it printed, what it complained)."""

    def call(*words):
        code = main(list(words))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return code, printed.out, printed.err

    return call


def test_fit_prints_the_answer_a_picture_and_the_files_it_wrote(run, folder, seeds):
    code, said, _ = run("fit", "t.csv", LINE)
    optimum = seeds["thermometer"]["unnormalised"]["optimum"]
    assert code == 0
    for piece in (
        f"{optimum['w']:.3f} ± 0.036",
        f"{optimum['b']:.1f}   ± 1.9",
        "mse",
        "certified",
        "JᵀJ, size of the noise from the residuals, 9 degrees of freedom",
        "closed-form",
        "wrote t.downslope",
    ):
        assert piece in said
    assert said.count("•") >= 11, "the data are in the picture"
    assert (folder / "t.downslope").exists()


def test_a_second_run_overwrites_nothing(run, folder):
    run("fit", "t.csv", LINE, "-q")
    before = (folder / "t.downslope").read_bytes()
    code, said, _ = run("fit", "t.csv", LINE)
    assert code == 0 and "wrote t-2.downslope" in said
    assert (folder / "t.downslope").read_bytes() == before


def test_an_asked_for_file_that_exists_is_refused_before_anything_runs(run, folder):
    (folder / "mine.downslope").write_text("precious")
    code, said, complaint = run("fit", "t.csv", LINE, "--save", "mine.downslope", "--every", "1")
    assert code == 4 and "exists" in complaint and said == ""
    assert (folder / "mine.downslope").read_text() == "precious"


def test_what_is_asked_on_the_command_line_is_what_runs(run):
    code, said, _ = run("fit", "t.csv", LINE, *SLOW, "100", "--json", "--no-save")
    answer = json.loads(said)
    assert code == 0
    assert answer["steps"] == 100 and answer["plan"]["optimizer"] == "gd" and answer["plan"]["learning_rate"] == 1e-4
    assert answer["parameters"]["w"]["value"] == pytest.approx(0.23272288051062237, rel=1e-9)


def test_status_lines_come_every_so_many_steps_with_gradients_if_wanted(run):
    _, said, _ = run("fit", "t.csv", LINE, *SLOW, "100", "--every", "20", "--no-save", "-v")
    steps = [line.split()[1] for line in said.splitlines() if line.startswith("step ")]
    assert steps == ["0", "20", "40", "60", "80", "100"]
    assert "d/dw" in said and "4517.3" in said.replace(",", "")


def test_a_run_that_blows_up_is_told_in_words_and_ends_with_1(run):
    code, said, complaint = run("fit", "t.csv", LINE, *GD, "--no-save")
    assert code == 1 and complaint == ""
    assert "untrusted" in said and "largest stable rate here is 3.4e-4" in said


def test_require_turns_a_lesser_answer_into_exit_code_1(run):
    few = [*SLOW, "100", "-q", "--no-save", "--require"]
    assert run("fit", "t.csv", LINE, *few, "certified")[0] == 1
    assert run("fit", "t.csv", LINE, *few, "usable")[0] == 0
    assert run("fit", "t.csv", LINE, "-q", "--no-save", "--require", "certified")[0] == 0


def test_predict_writes_what_the_formula_says(run, folder):
    run("fit", "t.csv", LINE, "-q")
    code, said, _ = run("predict", "t.downslope", "t.csv")
    rows = np.genfromtxt(said.splitlines(), delimiter=",", names=True)
    assert code == 0
    assert rows["celsius"] == pytest.approx(0.5367719209075443 * rows["unknown"] - 17.304785503010795, rel=1e-9)
    assert run("predict", "t.downslope", "t.csv", "-o", "p.csv")[0] == 0
    assert run("predict", "t.downslope", "t.csv", "-o", "p.csv")[0] == 4, "p.csv exists by now"


def test_intervals_stand_below_the_answer(run):
    code, said, _ = run("fit", "t.csv", LINE, "--no-save", "--intervals", "profile", "--level", "0.9")
    assert code == 0
    assert "90 % intervals from the profile of the loss\n  w     0.472 to   0.602\n  b   -20.8   to -13.8\n" in said
    assert said.index("errors") < said.index("90 %") < said.index("celsius against unknown")
    _, said, _ = run("fit", "t.csv", LINE, "--no-save", "--intervals", "covariance", "--json")
    answer = json.loads(said)
    (low, high), error = answer["intervals"]["parameters"]["w"], answer["parameters"]["w"]["error"]
    assert (high - low) / 2 == pytest.approx(2.2621571628 * error, rel=1e-9), "t with 9 degrees of freedom"
    assert answer["intervals"]["level"] == 0.95 and answer["uncertainty"]["freedom"] == 9


def test_the_bootstrap_takes_the_seed_of_the_plan(run):
    asked = ["fit", "t.csv", LINE, "--no-save", "--json", "--intervals", "bootstrap"]
    first, again, other = (json.loads(run(*asked, *seed)[1])["intervals"] for seed in ([], [], ["--seed", "1"]))
    assert first == again and first != other


def test_an_answer_without_errors_is_printed_with_the_reason_and_ends_with_2(run):
    slow = [*SLOW, "100", "--no-save", "--intervals", "profile"]
    code, said, _ = run("fit", "t.csv", LINE, *slow)
    assert code == 2 and "no intervals: this answer has no errors: all 100 steps taken" in said
    assert "wrote no file" in said
    code, said, complaint = run("fit", "t.csv", LINE, *slow, "--json")
    assert code == 2 and "intervals" not in json.loads(said) and "no intervals" in complaint
    code, said, _ = run("fit", "t.csv", LINE, *GD, "--no-save", "--intervals", "profile")
    assert code == 1 and "no intervals" in said, "an answer that diverged is the worse news"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--intervals", "profile", "--level", "95"], "--level is 95; it must be between 0 and 1"),
        (["--level", "0.9"], "--level goes with --intervals"),
        (["--intervals", "likelihood"], "likelihood"),
    ],
)
def test_a_bad_level_is_refused_before_anything_runs(run, folder, words, says):
    code, said, complaint = run("fit", "t.csv", LINE, *words)
    assert code == 2 and says in complaint and said == ""
    assert not list(folder.glob("*.downslope"))


@pytest.mark.parametrize("kind", ["confidence", "prediction"])
def test_predict_writes_the_band_beside(run, folder, kind):
    run("fit", "t.csv", LINE, "-q")
    code, said, _ = run("predict", "t.downslope", "t.csv", "--band", kind, "--level", "0.9")
    rows = np.genfromtxt(said.splitlines(), delimiter=",", names=True)
    assert code == 0 and rows.dtype.names == ("unknown", "celsius", "celsius_lower", "celsius_upper")
    x, noise = rows["unknown"], 2.927646682820263 * 11 / 9
    seen = 1 / 11 + (x - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2) + (kind == "prediction")
    assert rows["celsius_upper"] - rows["celsius"] == pytest.approx(1.8331129327 * np.sqrt(noise * seen), rel=1e-6)
    assert rows["celsius"] - rows["celsius_lower"] == pytest.approx(rows["celsius_upper"] - rows["celsius"], rel=1e-9)


def test_a_band_with_a_column_sigma_reads_it_too(run, folder):
    (folder / "s.csv").write_text("x,y,s\n0,1,0.1\n1,3.1,0.2\n2,4.9,0.1\n3,7.2,0.3\n")
    run("fit", "s.csv", "y = w*x + b", "--sigma", "s", "--sigma-is", "absolute", "-q")
    code, said, _ = run("predict", "s.downslope", "s.csv", "--band", "prediction")
    assert code == 0 and said.splitlines()[0] == "x,s,y,y lower,y upper"
    run("fit", "s.csv", "y = w*x + b", "--sigma", "0.2", "--sigma-is", "absolute", "-q", "--save", "n.downslope")
    code, said, _ = run("predict", "n.downslope", "s.csv", "--band", "prediction")
    assert code == 0 and said.splitlines()[0] == "x,y,y lower,y upper"


def test_no_band_without_errors(run):
    run("fit", "t.csv", LINE, *SLOW, "5", "-q")
    code, said, complaint = run("predict", "t.downslope", "t.csv", "--band", "confidence")
    assert code == 2 and said == "" and "has no errors" in complaint
    code, _, complaint = run("predict", "t.downslope", "t.csv", "--level", "0.9")
    assert code == 2 and "--level goes with --band" in complaint


def test_resume_goes_on_and_equals_the_run_that_never_stopped(run):
    run("fit", "t.csv", LINE, *SLOW, "100", "--save", "half.downslope", "-q")
    _, resumed, _ = run("resume", "half.downslope", "--steps", "100", "--json", "--no-save")
    _, whole, _ = run("fit", "t.csv", LINE, *SLOW, "200", "--json", "--no-save")
    assert json.loads(resumed)["parameters"] == json.loads(whole)["parameters"]
    assert json.loads(resumed)["steps"] == 200


def test_resume_refuses_other_data_and_a_run_that_blew_up(run, folder):
    run("fit", "t.csv", LINE, *SLOW, "100", "--save", "a.downslope", "-q")
    (folder / "other.csv").write_text("celsius,unknown\n1,2\n2,3\n4,5\n")
    code, _, complaint = run("resume", "a.downslope", "other.csv", "--steps", "5")
    assert code == 2 and "not the data" in complaint
    run("fit", "t.csv", LINE, *GD, "--save", "blown.downslope", "-q")
    code, _, complaint = run("resume", "blown.downslope", "--steps", "5")
    assert code == 2 and "smaller learning rate" in complaint


def test_make_then_fit_shows_estimated_beside_true(run, folder):
    code, said, _ = run("make", "y = 0.1*x + 0.5", "--x", "uniform(0, 1)", "--noise", "0.01", "-o", "line.csv")
    assert code == 0 and 'fit line.csv "y = a*x + b"' in said
    code, said, _ = run("fit", "line.csv", "y = a*x + b", "--truth", "y = 0.1*x + 0.5", "--no-save")
    assert code == 0 and "true value" in said and "0.0987 ± 0.0032   0.1 " in said


def test_a_picture_file_is_checked_before_and_written_after(run, folder):
    code, _, complaint = run("fit", "t.csv", LINE, "--plot", "p.xyz", "--no-save")
    assert code == 2 and ".png" in complaint
    code, said, _ = run("fit", "t.csv", LINE, "--plot", "p.png", "--no-save")
    assert code == 0 and "wrote p.png" in said
    assert (folder / "p.png").read_bytes().startswith(b"\x89PNG")
    code, _, complaint = run("fit", "t.csv", LINE, "--plot", "q.png", "--save", "q.png")
    assert code == 2 and "its own file" in complaint and not (folder / "q.png").exists()


@pytest.mark.parametrize("lesson", ["line", "thermometer", "hinges"])
def test_each_lesson_of_the_demo_runs(run, lesson):
    code, said, _ = run("demo", lesson, "--every", "100")
    assert code == 0 and len(said.splitlines()) > 10


def test_help_names_every_setting_of_the_plan(run):
    from dataclasses import fields

    import downslope as ds

    _, said, _ = run("fit", "--help")
    for entry in fields(ds.Plan):
        assert f"--{entry.name.replace('_', '-')}" in said, entry.name


BAD_FILES = {
    "missing.csv": (None, "does not exist"),
    "empty.csv": ("", "is empty"),
    "header.csv": ("celsius,unknown\n", "no rows below the header"),
    "text.csv": ("celsius,unknown\n1,2\nthree,4\n", "line 3, column 'celsius': 'three'"),
    "blank.csv": ("celsius,unknown\n1,2\n,4\n", "line 3"),
    "nan.csv": ("celsius,unknown\n1,nan\n2,4\n", "line 2, column 'unknown': 'nan'"),
    "inf.csv": ("celsius,unknown\n1,inf\n2,4\n", "line 2, column 'unknown': 'inf'"),
    "date.csv": ("celsius,unknown\n1,2024-01-01\n2,2024-01-02\n", "a date"),
    "comma.csv": ("celsius;unknown\n1,5;2,5\n2,5;3,5\n", "--decimal ,"),
    "short.csv": ("celsius,unknown\n1,2\n3\n4,5,6\n", "line 3 has 1"),
    "twice.csv": ("celsius,unknown,unknown\n1,2,3\n4,5,6\n", "'unknown'"),
    "binary.csv": ("celsius,unknown\n1,\0\n", "not text"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_with_3_and_its_place(run, folder, name):
    text, words = BAD_FILES[name]
    if text is not None:
        (folder / name).write_text(text)
    code, said, complaint = run("fit", name, LINE)
    assert code == 3 and words in complaint and said == ""
    assert not list(folder.glob("*.downslope")), "nothing is written"


BAD_REQUESTS = {
    "unknown name": (["celsius = w*unknwn + b"], "did you mean the column 'unknown'"),
    "parameter that is a column": ([LINE, "--start.unknown", "1"], "is also a column"),
    "start for no parameter": ([LINE, "--start.q", "1"], "unknown parameter in start 'q'"),
    "attack": (["celsius = w*__import__('os').system('touch hacked')"], "not part of a formula"),
    "attribute": (["celsius = w.real*unknown"], "an attribute"),
    "power tower": (["celsius = 9**9**9*w*unknown"], "too large"),
    "parentheses": (["celsius = " + "(" * 9000 + "w" + ")" * 9000], "deep"),
    "rate 0": ([LINE, "--learning-rate", "0"], "positive"),
    "rate negative": ([LINE, "--learning-rate=-1"], "positive"),
    "rate nan": ([LINE, "--learning-rate", "nan"], "positive"),
    "steps negative": ([LINE, "--steps=-1"], "0 or more"),
    "steps fractional": ([LINE, "--steps", "1.5"], "whole number"),
    "steps and epochs": ([LINE, "--steps", "1", "--epochs", "1"], "both given"),
    "batch too large": ([LINE, "--batch-size", "12"], "only 11 rows"),
    "optimizer": ([LINE, "--optimizer", "adm"], "Did you mean 'adam'"),
    "loss": ([LINE, "--loss", "logcosh"], "Did you mean 'log-cosh'"),
    "option": ([LINE, "--los", "mae"], "--los"),
    "not a number at the start": (["celsius = log(w)*unknown + b", "--start.w=-1"], "prediction is nan in row 1"),
    "edge at the start": (["celsius = sqrt(w)*unknown + b", "--start.w", "0"], "derivative by w"),
    "left side not a number": (["log(celsius) = w*unknown + b"], "row 8"),
    "scale that cannot be undone": (["celsius = exp(w*unknown)", "--scale", "columns"], "linear in its parameters"),
    "too few rows": (
        ["celsius = " + " + ".join(f"a{k}*unknown**{k}" for k in range(12))],
        "12 parameters, but only 11",
    ),
}


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_a_bad_request_is_refused_with_2_and_what_to_do(run, folder, what):
    words, says = BAD_REQUESTS[what]
    code, said, complaint = run("fit", "t.csv", *words)
    assert code == 2 and says in complaint and said == ""
    assert sorted(path.name for path in folder.iterdir() if path.suffix) == ["t.csv"], "nothing ran, nothing is written"


def test_our_own_bug_says_so(run, monkeypatch):
    monkeypatch.setattr("downslope.cli.commands.kept_as", lambda *_: 1 / 0)
    code, _, complaint = run("fit", "t.csv", LINE)
    assert code == 70 and "a bug in downslope" in complaint
