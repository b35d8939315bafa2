"""Gradients that are never zeroed: the tutorial's loop, and loops that only look like it."""

import numpy as np
import pytest

import downslope as ds

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
pytestmark = pytest.mark.torch


@pytest.fixture
def golden(seeds):
    return seeds["quadratic"]


@pytest.fixture
def mae(golden):
    x, y = torch.tensor(golden["x"]), torch.tensor(golden["y"])

    def loss(abc):
        a, b, c = abc
        return torch.abs(a * x**2 + b * x + c - y).mean()

    return loss


def tutorial(mae, abc, steps):
    for _ in range(steps):
        loss = mae(abc)
        loss.backward()
        with torch.no_grad():
            abc -= abc.grad * 0.01


def summed(run):
    (finding,) = [finding for finding in run.findings if finding.symptom == "summed-gradients"]
    return finding


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_tutorial_as_a_whole(mae, golden, kind):
    abc = torch.tensor([1.1, 1.1, 1.1], dtype=kind, requires_grad=True)
    with ds.watch() as run:
        tutorial(mae, abc, 11)
    assert np.allclose(run.history.loss, [golden["loss_at"], *golden["losses_accumulated"]["losses"]], rtol=1e-5)
    finding = summed(run)
    assert finding.first_step == 2
    assert finding.severity == "fault"
    right = [golden["loss_at"], *golden["losses_correct"]["losses"]]
    for step in range(10):
        assert finding.evidence[f"corrected loss at step {step}"] == pytest.approx(right[step], rel=1e-5)
    assert finding.evidence["corrected loss at step 10"] == pytest.approx(right[10], rel=1e-5)
    stored = finding.evidence["length of the stored gradient"]
    assert finding.evidence["length of the recomputed sum"] == pytest.approx(stored, rel=1e-5)
    assert "2.42, 2.4, 2.38, 2.36" in finding.message


def test_the_loop_alone_after_a_step_that_nobody_saw(mae, golden):
    abc = torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True)
    tutorial(mae, abc, 1)
    with ds.watch() as run:
        tutorial(mae, abc, 10)
    assert [f"{loss:.2f}" for loss in run.history.loss] == golden["losses_accumulated"]["printed"]
    finding = summed(run)
    assert finding.first_step == 2
    assert finding.evidence["length of what was stored before the first step"] > 1
    corrected = [finding.evidence[f"corrected loss at step {step}"] for step in range(10)]
    assert [f"{loss:.2f}" for loss in corrected] == golden["losses_correct"]["printed"]


def test_the_gradient_in_the_history_is_that_of_the_loss(mae, golden):
    abc = torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True)
    with ds.watch() as run:
        tutorial(mae, abc, 3)
    assert np.allclose(run.history.gradient, [golden["gradient_at"]] * 3)
    assert run.run.chosen["optimizer"] == "gd"
    assert run.run.chosen["learning_rate"] == pytest.approx(0.01)


@pytest.mark.parametrize("kind, settings", [("SGD", {}), ("SGD", {"momentum": 0.9}), ("Adam", {})])
def test_with_an_optimiser_the_same_rule_is_replayed(mae, kind, settings):
    def losses(zero):
        abc = torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True)
        optimizer = getattr(torch.optim, kind)([abc], lr=0.01, **settings)
        seen = []
        for _ in range(20):
            loss = mae(abc)
            if zero:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen.append(loss.item())
        return seen

    with ds.watch() as run:
        wrong = losses(zero=False)
    finding = summed(run)
    right = losses(zero=True)
    assert finding.evidence["loss at step 19"] == pytest.approx(wrong[-1])
    assert finding.evidence["corrected loss at step 19"] == pytest.approx(right[-1])


def test_a_network(golden):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001)
    x, y = (torch.tensor(golden[name], dtype=torch.float32)[:, None] for name in ("x", "y"))
    with ds.watch() as run:
        for _ in range(10):
            loss = torch.nn.functional.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
    assert "corrected loss at step 9" in summed(run).evidence


def test_of_a_large_model_the_sum_is_found_and_the_losses_are_not():
    torch.manual_seed(0)
    net = torch.nn.Linear(200, 100)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x = torch.randn(8, 200)
    with ds.watch() as run:
        for _ in range(5):
            net(x).square().mean().backward()
            optimizer.step()
    finding = summed(run)
    assert finding.first_step == 2
    assert "too large" in finding.message


def test_batches_are_not_replayed(golden):
    x, y = torch.tensor(golden["x"]), torch.tensor(golden["y"])
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    order = np.random.default_rng(0)
    with ds.watch() as run:
        for _ in range(10):
            rows = torch.tensor(order.choice(20, 5))
            ((w * x[rows] - y[rows]) ** 2).mean().backward()
            with torch.no_grad():
                w -= 0.01 * w.grad
    assert "does not give the recorded loss" in summed(run).message


def test_two_steps_are_enough_to_find_it(mae):
    abc = torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True)
    with ds.watch() as run:
        tutorial(mae, abc, 2)
    assert summed(run).first_step == 2


def zeroed_late(mae, abc):
    """Zeroed every fifth step only: most steps are along a sum."""
    for step in range(10):
        mae(abc).backward()
        with torch.no_grad():
            abc -= 0.01 * abc.grad
        if step % 5 == 4:
            abc.grad.zero_()


def shrunk(mae, abc):
    """Momentum, written into the stored gradient on purpose."""
    for _ in range(10):
        mae(abc).backward()
        with torch.no_grad():
            abc -= 0.01 * abc.grad
            abc.grad *= 0.9


def accumulated(mae, abc):
    for step in range(12):
        mae(abc).backward()
        if step % 4 == 3:
            with torch.no_grad():
                abc -= 0.01 * abc.grad
                abc.grad = None


@pytest.mark.parametrize("loop, found", [(zeroed_late, True), (shrunk, False), (accumulated, False)])
def test_what_only_looks_like_it(loop, found, mae):
    abc = torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True)
    with ds.watch() as run:
        loop(mae, abc)
    assert ("summed-gradients" in {finding.symptom for finding in run.findings}) == found
