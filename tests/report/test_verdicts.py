"""What a verdict says holds at every step that it stands at."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import as_run

from downslope.diagnosis import Finding
from downslope.history import History, Readings, Reference
from downslope.report import verdicts
from downslope.report.verdicts import MEANINGS, MOST, PARTS

SHARES = {text: share for share, text in PARTS}


def run_of(losses, lowest=None, batch=None, **known):
    losses = np.asarray(losses, dtype=float)
    history = History.of(
        (), step=np.arange(len(losses)), loss=losses, params=np.zeros((len(losses), 0)), batch_size=batch
    )
    run = as_run(history, **known)
    if lowest is None:
        return run
    return replace(run, readings=Readings(reference=Reference(lowest, np.zeros(0), np.zeros(0), "auto")))


def check(claim, row, losses, lowest, findings):
    """One part of a sentence, held against the losses; the name of what was claimed."""
    loss, first = losses[row], losses[0]
    match = re.fullmatch(
        r"(more than 99 %|more than 90 %|more than half|less than half) of the way down to .* is done", claim
    )
    if match:
        share = SHARES.get(match[1], 1.0)
        assert loss - lowest < share * (first - lowest)
    elif claim.startswith("arrived at "):
        assert loss - lowest <= 0.01 * abs(lowest)
    elif claim.startswith("the loss goes up and down between "):
        finite = losses[np.isfinite(losses)]
        low, high = map(float, re.findall(r"between (.*) and (.*)", claim)[0])
        assert np.allclose([finite.min(), finite.max()], [low, high], rtol=1e-2) and np.isfinite(loss)
    else:
        simple = {
            "the start": row == 0,
            "falling": row and loss < losses[row - 1],
            "rising": row and loss > losses[row - 1],
            "unchanged": row and loss == losses[row - 1],
            "as at the start": loss == first,
            "lower than at the start": loss < first,
            "higher than at the start": loss > first,
            "no longer a finite number": not np.isfinite(loss),
            "a finite number": np.isfinite(loss) and not np.isfinite(first),
            "there are steps at which the loss is no finite number": not np.isfinite(losses).all(),
        }
        seen = re.fullmatch(r"([\w-]+)(?: since step (\d+))?: (.*)", claim)
        if seen and seen[1] in MEANINGS:
            begun = [found for found in findings if found.symptom == seen[1]]
            assert begun and begun[0].first_step == int(seen[2] or 0) <= row
        else:
            assert simple[claim], claim
    return claim


finite = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 1e300, -1e308])


@given(
    st.lists(finite, min_size=1, max_size=300),
    st.booleans(),
    st.integers(0, 5),
    st.floats(0, 1e3),
    st.booleans(),
    st.lists(
        st.tuples(st.sampled_from(sorted(MEANINGS)), st.integers(0, 300)), max_size=3, unique_by=lambda each: each[0]
    ),
)
def test_every_claim_holds_where_it_stands(losses, born, gone, below, known, found):
    losses = [np.nan, *losses] if born else losses
    losses = np.array([*losses, *[np.nan, np.inf, np.nan, np.inf, np.nan][:gone]])
    usable = losses[np.isfinite(losses)]
    lowest = usable.min() - below if known else usable.min()
    findings = [Finding(symptom, "warning", step, {}, "") for symptom, step in found if step < len(losses)]
    told = verdicts(run_of(losses, lowest if known else None), findings)
    assert told[0].step == 0 and told[-1].step == len(losses) - 1
    steps = [verdict.step for verdict in told]
    assert steps == sorted(set(steps))
    for verdict, until in zip(told, [*steps[1:], len(losses)], strict=True):
        text = re.sub(r"^the end, and \w+(: .*?)?\. All .*? steps taken\. ?", "", verdict.text)
        parts = [part for part in re.split(r"\. |; ", text) if part]
        parts = [part[:1].lower() + part[1:].removesuffix(".") for part in parts]
        for row in range(verdict.step, until):
            for part in parts:
                check(part, row, losses, lowest, findings)


@given(st.lists(st.sampled_from([1.0, 2.0, np.nan, 0.5]), min_size=1, max_size=400))
def test_they_are_not_too_many(losses):
    assert 1 <= len(verdicts(run_of(losses))) <= MOST + 1


def test_a_descent_is_told_from_start_to_end(run):
    told = verdicts(run)
    assert [(verdict.step, verdict.tone) for verdict in told] == [(0, "plain"), (100, "plain"), (5000, "plain")]
    assert told[0].text == "the start"
    assert told[1].text == "falling; more than half of the way down to the lowest loss of this run is done"
    assert told[2].text == "the end, and usable. All 5,000 steps taken. Arrived at the lowest loss of this run."


def test_a_finding_is_told_from_its_first_step_on(run, diverged):
    told = verdicts(run, [diverged])
    assert "diverging" not in told[0].text
    assert "Diverging since step 1: the loss leaves for infinity." in told[1].text
    assert [verdict.tone for verdict in told] == ["plain", "fault", "fault"]


def test_what_never_arrived_is_not_told_to_have(run):
    with_reference = replace(run, readings=Readings(reference=Reference(1.0, np.zeros(2), np.zeros(2), "auto")))
    assert "arrived" not in verdicts(with_reference)[-1].text.lower()


def test_ten_thousand_noisy_steps_are_told_in_few_sentences():
    losses = 1.0 + np.random.default_rng(0).uniform(size=10_000)
    assert len(verdicts(run_of(losses))) <= MOST


def test_losses_of_batches_are_not_compared():
    told = verdicts(run_of([3.0, 1.0, 2.0, 1.0], batch=32))
    assert told[0].text == "this is the loss of 32 rows; each step sees others"
    assert len(told) == 2


def test_a_run_that_ended_in_no_number_says_so_once():
    told = verdicts(run_of([1.0, 100.0, np.inf], state="untrusted", stopped="not finite"))
    assert told[-1].tone == "fault"
    assert told[-1].text == (
        "the end, and untrusted: do not rely on these values. "
        "Stopped when the numbers were no longer finite; the last finite values are kept."
    )


@pytest.mark.parametrize("losses", [[], [1.0]])
def test_hardly_any_steps(losses):
    assert len(verdicts(run_of(losses))) == len(losses)
