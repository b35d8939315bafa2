"""downslope explain: the story of a saved run, and its repair, as words in a terminal."""

import numpy as np
import pytest

import downslope as ds
from downslope.cli import main
from downslope.history import store

LINE = "celsius = w*unknown + b"
START = {"w": 1.0, "b": 0.0}
GD = {"optimizer": "gd", "start": START}
RUNS = {
    "healthy": {},
    "diverged": GD | {"learning_rate": 0.01, "steps": 500},
    "slow": GD | {"learning_rate": 1e-4, "steps": 500},
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    for name, asked in RUNS.items():
        ds.fit(LINE, ds.sample("thermometer"), **asked).save(place / f"{name}.downslope")
    return place


@pytest.fixture
def run(saved, tmp_path, monkeypatch, capsys):
    """Run a command beside copies of the saved runs: (exit code, what it printed, what it complained)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    def call(*words):
        code = main(["explain", *words])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return code, printed.out, printed.err

    return call


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.downslope")}


@pytest.mark.parametrize(("name", "code"), [("healthy", 0), ("slow", 0), ("diverged", 1)])
def test_story_and_exit_code_say_whether_the_answer_can_be_used(run, tmp_path, name, code):
    before = files(tmp_path)
    ended, said, complained = run(f"{name}.downslope")
    assert ended == code and complained == ""
    assert said.startswith(f"asked      {LINE}") and len(said.splitlines()) <= 15
    assert ("nothing wrong with the training" in said) == (name == "healthy")
    assert files(tmp_path) == before, "it writes nothing"


def test_story_is_that_of_python(run, tmp_path):
    _, said, _ = run("slow.downslope")
    assert said == ds.load(tmp_path / "slow.downslope").explain(width=80)


def test_repair_writes_a_new_file_and_never_onto_the_read_one(run, tmp_path):
    before = files(tmp_path)
    code, said, _ = run("diverged.downslope", "--repair")
    assert code == 0 and "wrote diverged-2.downslope" in said
    assert "repair     diverging, cured by a change of" in said
    assert "learning_rate: 0.01 -> " in " ".join(said.split())
    after = files(tmp_path)
    assert {name: after[name] for name in before} == before and after.keys() - before == {"diverged-2.downslope"}
    better = ds.load(tmp_path / "diverged-2.downslope")
    assert better.findings == () and better.state != "untrusted" and better.notes[0].startswith("repaired (diverging)")
    assert main(["explain", "diverged-2.downslope"]) == 0


def test_a_second_repair_overwrites_nothing(run, tmp_path):
    run("slow.downslope", "--repair")
    before = files(tmp_path)
    _, said, _ = run("slow.downslope", "--repair")
    assert "wrote slow-3.downslope" in said
    assert {name: content for name, content in files(tmp_path).items() if name in before} == before


def test_a_healthy_run_is_left_as_it_is(run, tmp_path):
    before = files(tmp_path)
    code, said, _ = run("healthy.downslope", "--repair")
    assert code == 0 and "it was left as it is" in said and "wrote" not in said
    assert files(tmp_path) == before


def test_repair_goes_where_it_is_told(run, tmp_path):
    code, said, _ = run("slow.downslope", "--repair", "--save", "better.downslope")
    assert code == 0 and "wrote better.downslope" in said and (tmp_path / "better.downslope").exists()
    code, _, complained = run("slow.downslope", "--repair", "--save", "better.downslope")
    assert code == 4 and "better.downslope" in complained
    assert run("slow.downslope", "--repair", "--save", "better.downslope", "--force")[0] == 0


@pytest.mark.parametrize("path", ["slow.downslope", "./slow.downslope"])
def test_not_even_by_force_onto_the_read_file(run, tmp_path, path):
    before = files(tmp_path)
    code, _, complained = run("slow.downslope", "--repair", "--save", path, "--force")
    assert code == 4 and "is read by this command" in complained and files(tmp_path) == before


@pytest.mark.parametrize("words", [["--save", "a.downslope"], ["--force"]])
def test_where_to_write_needs_something_to_write(run, words):
    code, _, complained = run("slow.downslope", *words)
    assert code == 2 and "--repair" in complained


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is no file"),
        (b"", "is empty"),
        (b"x,y\n1,2\n", "another kind of file"),
        ("cut", "is cut short"),
        ("flipped", "damaged"),
    ],
)
@pytest.mark.parametrize("repair", [[], ["--repair"]])
def test_bad_files_are_refused_in_one_sentence(run, tmp_path, content, reason, repair):
    whole = (tmp_path / "slow.downslope").read_bytes()
    if content == "cut":
        content = whole[: len(whole) // 2]
    if content == "flipped":
        content = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    if content is not None:
        (tmp_path / "bad.downslope").write_bytes(content)
    before = files(tmp_path)
    code, said, complained = run("bad.downslope", *repair)
    assert code == 3 and said == "" and reason in complained and "bad.downslope" in complained
    assert len(complained.strip().splitlines()) <= 3 and files(tmp_path) == before


def test_a_run_of_a_newer_version_is_refused_in_words(run, tmp_path, monkeypatch):
    fit = ds.load(tmp_path / "slow.downslope")
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    fit.save(tmp_path / "newer.downslope")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    code, said, complained = run("newer.downslope")
    assert code == 3 and said == "" and "newer downslope" in complained and "upgrade" in complained


def test_a_run_of_python_code_is_explained_and_its_repair_refused_in_words(run, tmp_path):
    x = np.linspace(-1, 1, 24)

    def model(x, w, b):
        return w * x + b

    fit = ds.fit(model, {"x": x, "y": 2 * x + 1}, "y", optimizer="gd", learning_rate=0.001, steps=100)
    fit.save(tmp_path / "code.downslope")
    code, said, _ = run("code.downslope")
    assert code == 0 and "crawl" in said
    code, _, complained = run("code.downslope", "--repair")
    assert code == 2 and "Python code" in complained


def test_a_fault_in_the_data_names_the_rows_and_writes_nothing(run, tmp_path):
    x = np.linspace(-1, 1, 24)
    y = 2 * x + 0.05 * np.sin(37 * np.arange(24.0))
    y[7] += 9
    ds.fit("y = w*x + b", {"x": x, "y": y}).save(tmp_path / "rows.downslope")
    before = files(tmp_path)
    code, said, _ = run("rows.downslope", "--repair")
    assert code == 0 and "row 8 carries" in said and "repair     outliers" in said
    assert "wrote" not in said and files(tmp_path) == before


def test_where_it_cannot_write_is_said_before_anything_is_computed(run, tmp_path, monkeypatch):
    monkeypatch.setattr(ds.Fit, "repair", lambda self: pytest.fail("computed"))
    for place in ("nowhere/a.downslope", "."):
        code, said, complained = run("slow.downslope", "--repair", "--save", place)
        assert code == 4 and said == "" and complained


def test_data_too_large_to_keep_are_asked_for_in_words(run, tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.fitting.MOST_KEPT", 10)
    ds.fit(LINE, ds.sample("thermometer"), **RUNS["slow"]).save(tmp_path / "large.downslope")
    before = files(tmp_path)
    assert run("large.downslope")[0] == 0
    code, _, complained = run("large.downslope", "--repair")
    assert code == 2 and "data" in complained and files(tmp_path) == before


@pytest.mark.parametrize(("words", "code"), [([], 2), (["slow.downslope", "healthy.downslope"], 2), (["."], 3)])
def test_one_saved_run_at_a_time(run, words, code):
    assert run(*words)[0] == code


def test_a_run_without_readings_is_explained_as_far_as_its_steps_tell(run, tmp_path):
    from dataclasses import replace

    for name in ("slow", "diverged"):
        bare = replace(ds.load(tmp_path / f"{name}.downslope").run, readings=None)
        store.save(bare, tmp_path / f"{name}-bare.downslope")
    said = run("slow-bare.downslope")[1]
    assert "unscaled" not in said and "nothing wrong with the training" not in said, (
        "nothing is guessed, and no more said"
    )
    code, said, _ = run("diverged-bare.downslope")
    assert code == 1 and "diverg" in said and "largest stable rate here is 3.4e-4" in " ".join(said.split())
    code, said, _ = run("slow-bare.downslope", "--repair")
    assert code == 0 and "wrote slow-bare-2.downslope" in said, "what was not measured is measured now"
