"""Loops in PyTorch as people write them: all of them are seen, none of them is changed."""

import threading
import warnings
from importlib import import_module

import numpy as np
import pytest

import downslope as ds

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
pytestmark = pytest.mark.torch

RATE, STEPS = 0.01, 30


@pytest.fixture
def data(quadratic):
    return tuple(torch.tensor(each) for each in quadratic)


@pytest.fixture
def mse(data):
    x, y = data

    def loss(abc):
        a, b, c = abc
        return ((a * x**2 + b * x + c - y) ** 2).mean()

    return loss


def start(**settings):
    return torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True, **settings)


def raw(mse):
    abc = start()
    for _ in range(STEPS):
        loss = mse(abc)
        loss.backward()
        with torch.no_grad():
            abc -= RATE * abc.grad
            abc.grad.zero_()


def by_sub(mse):
    params = start()
    for _ in range(STEPS):
        loss = mse(params)
        loss.backward()
        with torch.no_grad():
            params.sub_(params.grad * RATE)
        params.grad = None


def made_anew(mse):
    p = start()
    for _ in range(STEPS):
        loss = mse(p)
        loss.backward()
        p = (p - RATE * p.grad).detach().requires_grad_()


def through_data(mse):
    p = start()
    for _ in range(STEPS):
        mse(p).backward()
        p.data = p.data - RATE * p.grad.data
        p.grad.data.zero_()


def in_data(mse):
    p = start()
    for _ in range(STEPS):
        mse(p).backward()
        p.data -= RATE * p.grad
        p.grad = None


def asked_for(mse):
    p = start()
    for _ in range(STEPS):
        (slope,) = torch.autograd.grad(mse(p), [p])
        with torch.no_grad():
            p -= RATE * slope


def sgd(mse):
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        mse(abc).backward()
        optimizer.step()


def sgd_that_zeroes(mse):
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=RATE)
    for _ in range(STEPS):
        mse(abc).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)


def sgd_with_a_closure(mse):
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=RATE)

    def closure():
        optimizer.zero_grad()
        loss = mse(abc)
        loss.backward()
        return loss

    for _ in range(STEPS):
        optimizer.step(closure)


def in_parts(mse):
    """Gradients accumulated on purpose: three passes, then one step."""
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=RATE)
    for _ in range(STEPS):
        for _ in range(3):
            (mse(abc) / 3).backward()
        optimizer.step()
        optimizer.zero_grad()


LOOPS = [
    raw, by_sub, made_anew, through_data, in_data, asked_for, sgd, sgd_that_zeroes, sgd_with_a_closure, in_parts,
]  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
def test_each_way_to_write_plain_descent_is_seen(loop, mse, by_hand):
    with ds.watch() as run:
        loop(mse)
    losses, params, gradients = by_hand(RATE, STEPS)
    history = run.history
    assert np.allclose(history.loss, losses, rtol=1e-12)
    assert np.allclose(history.params, params, rtol=1e-12)
    assert np.allclose(history.gradient, gradients, rtol=1e-9)
    assert np.allclose(history.rate[:-1], RATE, rtol=1e-9)
    assert np.isnan(history.rate[-1])
    assert run.run.chosen["optimizer"] == "gd"
    assert run.run.chosen["learning_rate"] == pytest.approx(RATE)
    assert run.findings == ()
    assert run.run.state == "usable"
    assert run.notes == ()


def test_landing_is_the_slope_at_the_end_of_a_step_over_that_at_its_start(mse, by_hand):
    with ds.watch() as run:
        raw(mse)
    _, _, gradients = by_hand(RATE, STEPS)
    expected = (gradients[1:] * gradients[:-1]).sum(1) / (gradients[:-1] ** 2).sum(1)
    assert np.allclose(run.history.landing[1:], expected)


def test_the_loop_takes_the_same_steps_as_without_a_watch(mse):
    def ends():
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        x = torch.linspace(-1, 1, 12)[:, None]
        for _ in range(20):
            loss = ((net(x) - x**2) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return [each.detach().clone() for each in net.parameters()]

    plain = ends()
    with ds.watch() as run:
        watched = ends()
    assert all(torch.equal(one, other) for one, other in zip(plain, watched, strict=True))
    assert run.history.parameters[0] == "0.weight[0,0]"
    assert run.run.chosen["optimizer"] == "adam"


def test_names_are_those_of_the_users_variables(data):
    x, y = data
    slope = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    others = [torch.zeros(2, dtype=torch.float64, requires_grad=True)]
    with ds.watch() as run:
        for _ in range(3):
            ((slope * x + others[0][0] - others[0][1] - y) ** 2).mean().backward()
            with torch.no_grad():
                for each in (slope, *others):
                    each -= 0.01 * each.grad
                    each.grad = None
    assert run.history.parameters == ("slope", "others[0][0]", "others[0][1]")


@pytest.mark.parametrize(
    "kind, settings, name",
    [
        ("SGD", {"momentum": 0.9}, "momentum"),
        ("SGD", {"momentum": 0.9, "nesterov": True}, "nesterov"),
        ("SGD", {"weight_decay": 0.1}, "gd with weight decay"),
        ("Adam", {}, "adam"),
        ("AdamW", {}, "adamw"),
        ("RMSprop", {}, "rmsprop"),
        ("LBFGS", {}, "lbfgs"),
    ],
)
def test_the_rule_is_named(kind, settings, name, mse):
    abc = start()
    optimizer = getattr(torch.optim, kind)([abc], lr=0.01, **settings)

    def closure():
        optimizer.zero_grad()
        loss = mse(abc)
        loss.backward()
        return loss

    with ds.watch() as run:
        for _ in range(10):
            optimizer.step(closure)
    assert run.run.chosen["optimizer"] == name
    assert run.run.chosen["searches"] == (kind == "LBFGS")
    assert run.run.chosen["learning_rate"] == 0.01


def test_a_rule_of_the_users_own_is_not_named(mse):
    abc, velocity = start(), 0.0
    with ds.watch() as run:
        for _ in range(20):
            mse(abc).backward()
            with torch.no_grad():
                velocity = 0.9 * velocity + abc.grad
                abc -= 0.01 * velocity
                abc.grad = None
    assert run.run.chosen["optimizer"] == "unknown"
    assert run.findings == ()


def test_clipping_is_noticed_as_a_changed_gradient(mse):
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=0.01)
    with ds.watch() as run:
        for _ in range(20):
            optimizer.zero_grad()
            mse(abc).backward()
            torch.nn.utils.clip_grad_norm_([abc], 1.0)
            optimizer.step()
    assert run.history.gradient_norm[0] > 1
    assert run.history.step_norm[0] == pytest.approx(0.01)
    assert run.findings == ()


def test_too_large_a_rate_is_found_as_in_a_fit(mse):
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=1.0)
    with ds.watch() as run:
        for _ in range(60):
            optimizer.zero_grad()
            mse(abc).backward()
            optimizer.step()
    (finding,) = [finding for finding in run.findings if finding.symptom == "diverging"]
    x = np.linspace(-2, 2, 20)
    columns = np.stack([x**2, x, np.ones(20)])
    limit = 2 / np.linalg.eigvalsh(2 * columns @ columns.T / 20).max()
    assert finding.evidence["largest stable rate"] == pytest.approx(limit, rel=0.01)
    assert run.run.state == "untrusted"


def batches_of(size, x, y, steps, dataset=False):
    order = np.random.default_rng(1)
    if dataset:
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=size, shuffle=True)
        while True:
            yield from loader
    for _ in range(steps):
        rows = torch.tensor(order.choice(len(x), size, replace=False))
        yield x[rows], y[rows]


@pytest.mark.parametrize("dataset", [False, True])
def test_batches_are_noticed(data, dataset):
    x, y = data
    torch.manual_seed(0)
    abc = start()
    optimizer = torch.optim.SGD([abc], lr=0.05)
    with ds.watch() as run:
        for step, (some, targets) in enumerate(batches_of(5, x, y, 100, dataset)):
            if step == 100:
                break
            optimizer.zero_grad()
            ((abc[0] * some**2 + abc[1] * some + abc[2] - targets) ** 2).mean().backward()
            optimizer.step()
    assert any("batch" in note for note in run.notes)
    assert np.isnan(run.history.landing).all()
    assert run.history.batch_size == (5 if dataset else None)
    assert [finding.symptom for finding in run.findings if finding.severity == "fault"] == []


def test_turns_of_two_models_are_no_sum_of_gradients():
    """As in a GAN: the second loss leaves gradients in the first model, which are zeroed before they are used."""
    torch.manual_seed(0)
    judge, maker = torch.nn.Linear(2, 1), torch.nn.Linear(1, 2)
    rules = [torch.optim.SGD(each.parameters(), lr=0.01) for each in (judge, maker)]
    real = torch.randn(8, 2)
    with ds.watch() as run:
        for _ in range(10):
            made = maker(torch.randn(8, 1))
            judge.zero_grad()
            torch.nn.functional.softplus(-judge(real)).mean().backward()
            torch.nn.functional.softplus(judge(made.detach())).mean().backward()
            rules[0].step()
            maker.zero_grad()
            torch.nn.functional.softplus(-judge(made)).mean().backward()
            rules[1].step()
    assert "summed-gradients" not in {finding.symptom for finding in run.findings}
    assert any("several losses" in note for note in run.notes)
    assert len(run.history) == 10


def test_two_losses_over_parts_of_the_parameters_are_one(data):
    x, y = data
    w, b = (torch.tensor(0.0, dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimizer = torch.optim.SGD([w, b], lr=0.01)
    with ds.watch() as run:
        for _ in range(10):
            optimizer.zero_grad()
            (0.1 * w**2).backward()
            ((w * x + b - y) ** 2).mean().backward()
            optimizer.step()
    assert run.history.parameters == ("w", "b")
    assert run.run.chosen["optimizer"] == "gd"
    assert len(run.history) == 10
    assert run.findings == ()


def test_a_loop_that_never_steps_is_told(mse):
    abc = start()
    with ds.watch() as run:
        for _ in range(5):
            mse(abc).backward()
    assert len(run.history) == 1
    assert run.run.state == "untrusted"
    assert "no step was seen" in run.run.reasons[-1]
    assert "summed-gradients" not in {finding.symptom for finding in run.findings}


def test_a_change_of_shape_ends_the_history(data):
    x, y = data
    with ds.watch() as run:
        for size in (2, 2, 2, 3, 3):
            p = torch.ones(size, dtype=torch.float64, requires_grad=True)
            ((sum(each * x**power for power, each in enumerate(p)) - y) ** 2).mean().backward()
    assert len(run.history) <= 3
    assert any("p changed its shape to (3,)" in note for note in run.notes)


def test_two_optimisers_are_told(data):
    x, y = data
    w, b = (torch.tensor(0.0, dtype=torch.float64, requires_grad=True) for _ in range(2))
    rules = [torch.optim.SGD([w], lr=0.1), torch.optim.Adam([b], lr=0.01)]
    with ds.watch() as run:
        for _ in range(10):
            for rule in rules:
                rule.zero_grad()
            ((w * x + b - y) ** 2).mean().backward()
            for rule in rules:
                rule.step()
    assert run.run.chosen["optimizer"] == "several (gd, adam)"
    assert run.findings == ()


def test_nan_from_the_first_step(mse):
    abc = start()
    with ds.watch() as run:
        for _ in range(5):
            (mse(abc) * float("nan")).backward()
            with torch.no_grad():
                abc -= RATE * abc.grad
                abc.grad = None
    assert run.run.state == "untrusted"
    assert np.isnan(run.history.loss).all()


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_low_precision_is_read(kind):
    w = torch.tensor(1.0, dtype=kind, requires_grad=True)
    with ds.watch() as run:
        for _ in range(5):
            (w**2).backward()
            with torch.no_grad():
                w -= 0.125 * w.grad
                w.grad = None
    assert run.history.params[:3, 0].tolist() == pytest.approx([1.0, 0.75, 0.5625], abs=0.01)


def test_mixed_precision_shows_the_loss_before_it_was_scaled(data):
    x, y = (each.float() for each in data)
    w = torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with ds.watch() as run:
        for _ in range(10):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = ((w * x - y) ** 2).mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    assert run.history.loss[0] == pytest.approx(float((y**2).mean()), rel=0.02)
    assert run.history.gradient[0, 0] == pytest.approx(float(-2 * (x * y).mean()), rel=0.02)
    assert any("mixed precision" in note for note in run.notes)
    assert run.run.chosen["optimizer"] == "gd"


def test_of_a_large_model_only_norms_are_kept():
    torch.manual_seed(0)
    net = torch.nn.Linear(200, 100)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x = torch.randn(8, 200)
    with ds.watch() as run:
        for _ in range(5):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
    assert run.history.params.shape == (5, 0)
    assert np.isfinite(run.history.gradient_norm).all()
    assert any("20100 numbers" in note for note in run.notes)
    assert run.findings == ()


def test_another_thread_is_not_watched(mse):
    other = threading.Thread(target=raw, args=(mse,))
    with ds.watch() as run:
        other.start()
        raw(mse)
        other.join()
    assert len(run.history) == STEPS


def test_everything_is_put_back():
    optimizers = import_module("torch.optim.optimizer")

    def now():
        hooks = len(optimizers._global_optimizer_pre_hooks)
        return torch.autograd.backward, torch.autograd.grad, torch.utils.data.DataLoader.__iter__, hooks

    before = now()
    with pytest.raises(ZeroDivisionError), ds.watch():
        assert not {*now()} & {*before}
        raise ZeroDivisionError
    assert now() == before


def test_long_loops_are_thinned(mse):
    p = torch.tensor([1.0], requires_grad=True)
    with ds.watch() as run:
        for _ in range(12_000):
            (p**2).sum().backward()
            with torch.no_grad():
                p -= 1e-4 * p.grad
                p.grad = None
    assert run.history.step[-1] == 11_999
    assert len(run.history) <= 10_000
    assert run.run.chosen["steps"] == 11_999


def test_a_fault_of_ours_does_not_reach_the_loop(mse, monkeypatch):
    from downslope.watching.torch_loop import TorchLoop

    def broken(*_):
        raise KeyError("ours")

    monkeypatch.setattr(TorchLoop, "_write", broken)
    with warnings.catch_warnings(), ds.watch() as run:
        raw(mse)
    assert any("its fault, not yours: KeyError" in note for note in run.notes)


def test_inputs_with_a_gradient_are_no_parameters():
    """As for a penalty on the slope of the model."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with ds.watch() as run:
        for _ in range(8):
            x = torch.linspace(-1, 1, 12)[:, None].requires_grad_()
            out = net(x)
            (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
            optimizer.zero_grad()
            ((out - x**2) ** 2 + 0.1 * slope**2).mean().backward()
            optimizer.step()
    assert len(run.history) == 8
    assert len(run.history.parameters) == 13
    assert run.run.chosen["optimizer"] == "gd"
    assert run.findings == ()
