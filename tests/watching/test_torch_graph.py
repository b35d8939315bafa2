"""Shapes spread over each other in a loss, and tensors that no gradient reaches."""

import warnings

import pytest

import downslope as ds

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
pytestmark = pytest.mark.torch


def train(loss_of, steps=3):
    torch.manual_seed(0)
    net = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x = torch.linspace(-1, 1, 12)[:, None]
    with warnings.catch_warnings(), ds.watch() as run:
        warnings.simplefilter("ignore")  # PyTorch says something of its own to mse_loss
        for _ in range(steps):
            optimizer.zero_grad()
            loss_of(net(x), 2 * x).backward()
            optimizer.step()
    return {finding.symptom: finding for finding in run.findings}


SPREAD = [
    lambda p, y: ((p - y[:, 0]) ** 2).mean(),
    lambda p, y: ((y[:, 0] - p) ** 2).mean(),
    lambda p, y: (p[:, 0] - y).abs().mean(),
    lambda p, y: torch.nn.functional.mse_loss(p, y[:, 0]),
    lambda p, y: torch.nn.functional.mse_loss(p[:, 0], y),
    lambda p, y: torch.nn.functional.huber_loss(p, y[:, 0]),
    lambda p, y: torch.nn.functional.l1_loss(p, y[:, 0]),
]
HEALTHY = [
    lambda p, y: ((p - y) ** 2).mean(),
    lambda p, y: torch.nn.functional.mse_loss(p[:, 0], y[:, 0]),
    lambda p, y: ((p - p.T) ** 2).mean() + ((p - y) ** 2).mean(),  # all differences, on purpose
    lambda p, y: ((p - p.mean()) ** 2).mean() + ((p - y) ** 2).mean(),
]


@pytest.mark.parametrize("loss", SPREAD)
def test_n_by_n_differences_are_found(loss):
    finding = train(loss)["broadcast-loss"]
    assert finding.evidence == {"rows": 12.0, "differences": 144.0}
    assert "(12, 1)" in finding.message
    assert "(12,)" in finding.message


@pytest.mark.parametrize("loss", HEALTHY)
def test_shapes_that_are_meant_so_are_not(loss):
    assert "broadcast-loss" not in train(loss)


def test_a_constant_given_to_an_optimiser():
    w, b = torch.tensor(0.0, requires_grad=True), torch.tensor(0.0)
    x = torch.linspace(-1, 1, 12)
    optimizer = torch.optim.SGD([w, b], lr=0.1)
    with ds.watch() as run:
        for _ in range(4):
            optimizer.zero_grad()
            ((w * x + b - 1) ** 2).mean().backward()
            optimizer.step()
    (finding,) = run.findings
    assert (finding.symptom, finding.severity) == ("untracked-parameter", "fault")
    assert "arrives at b:" in finding.message


def test_a_parameter_that_is_cut_off():
    w, b = (torch.tensor(0.0, requires_grad=True) for _ in range(2))
    x = torch.linspace(-1, 1, 12)
    optimizer = torch.optim.SGD([w, b], lr=0.1)
    with ds.watch() as run:
        for _ in range(4):
            optimizer.zero_grad()
            ((w * x + b.detach() - 1) ** 2).mean().backward()
            optimizer.step()
    (finding,) = [finding for finding in run.findings if finding.symptom == "untracked-parameter"]
    assert finding.severity == "warning"
    assert "b" in finding.message


def test_nothing_that_could_be_trained():
    w = torch.tensor(0.0)
    with pytest.raises(RuntimeError, match="does not require grad"), ds.watch() as run:
        (w**2).backward()
    (finding,) = run.findings
    assert finding.symptom == "untracked-parameter"
    assert run.run.state == "untrusted"


def test_frozen_layers_are_frozen_on_purpose():
    net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Linear(3, 1))
    for each in net[0].parameters():
        each.requires_grad = False
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with ds.watch() as run:
        for _ in range(3):
            optimizer.zero_grad()
            net(torch.ones(4, 1)).square().mean().backward()
            optimizer.step()
    assert run.findings == ()
