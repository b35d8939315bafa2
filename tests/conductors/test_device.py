import os
import subprocess
import sys

import jax
import numpy as np
import pytest

import downslope as ds
from downslope import device
from downslope.cli import main
from downslope.objective import rows

rng = np.random.default_rng(0)
X = rng.uniform(0, 4, 20_000)
DATA = {"x": X, "y": 2.5 * np.exp(-0.7 * X) + 0.3 + 0.01 * rng.normal(size=X.size)}
FEW = {name: values[:60] for name, values in DATA.items()}
CURVE = "y = a*exp(-b*x) + c"
NO_GPU = pytest.mark.skipif(jax.default_backend() != "cpu", reason="there is a graphics processor here")


@pytest.fixture
def pretended(monkeypatch):
    """The processor, under the name of a graphics processor."""
    monkeypatch.setitem(device.PLATFORMS, "gpu", ("cpu",))


@pytest.mark.parametrize("plan", [{}, {"optimizer": "adam", "steps": 80}, {"optimizer": "adam", "batch_size": 9}])
@NO_GPU
def test_the_processor_by_name_gives_the_same_bits(plan):
    one, other = ds.fit(CURVE, FEW, **plan), ds.fit(CURVE, FEW, device="cpu", **plan)
    assert one.params == other.params and one.loss == other.loss and one.state == other.state
    assert one.certificate == other.certificate
    for name, values in one.history.columns.items():
        assert np.array_equal(values, other.history.columns[name], equal_nan=True), name
    assert "device" not in one.run.chosen and other.run.chosen["device"] == "cpu"


@NO_GPU
def test_one_that_is_not_there_is_refused_before_anything_is_read(tmp_path, capsys, monkeypatch):
    said = r"JAX finds none here, only cpu: .*pip install 'downslope\[cuda\]'\. Or leave device out"
    with pytest.raises(ds.RequestError, match=said):
        ds.fit(CURVE, tmp_path / "nowhere.csv", device="gpu")
    with pytest.raises(ds.RequestError, match=said):
        ds.scan(CURVE, FEW, device="gpu")
    with pytest.raises(ds.RequestError, match=said):
        ds.fit(CURVE, FEW, optimizer="adam", steps=5).again(device="gpu")
    ds.write_table(ds.Table(FEW), tmp_path / "few.csv")
    assert main(["fit", str(tmp_path / "few.csv"), CURVE, "--device", "gpu", "--no-save"]) == 2
    assert "JAX finds none here" in capsys.readouterr().err
    monkeypatch.setattr(device, "find_spec", lambda name: name == "jax_cuda13_plugin")
    with pytest.raises(ds.RequestError, match="is installed, but finds no card, or a driver that is too old"):
        ds.fit(CURVE, FEW, device="gpu")


@pytest.mark.parametrize("name", ["GPU", "tpu", "", 0, True])
def test_other_names_are_unknown(name):
    with pytest.raises(ds.RequestError, match="unknown device"):
        ds.fit(CURVE, FEW, device=name)


def test_makers_of_graphics_processors_are_not_asked_for():
    with pytest.raises(ds.RequestError, match="device is 'cuda'; say 'gpu'"):
        ds.fit(CURVE, FEW, device="cuda")


def test_nothing_is_set_for_the_process(pretended):
    ds.fit(CURVE, FEW, optimizer="gd", learning_rate=0.01, steps=3, device="gpu")
    assert jax.config.jax_default_device is None


def test_a_run_of_another_device_opens_and_goes_on_where_it_is_said(tmp_path, monkeypatch):
    asked = {"optimizer": "adam", "learning_rate": 0.01, "steps": 20}
    with monkeypatch.context() as patched:
        patched.setitem(device.PLATFORMS, "gpu", ("cpu",))
        ds.fit(CURVE, FEW, device="gpu", **asked).save(tmp_path / "a")
    loaded = ds.load(tmp_path / "a")
    assert loaded.plan.device == "gpu" and loaded.predict({"x": [1.0]}).shape == (1,) and loaded.summary()
    if jax.default_backend() == "cpu":
        with pytest.raises(ds.RequestError, match="JAX finds none here"):
            loaded.resume(steps=10)
    gone_on = loaded.resume(steps=10, device="cpu")
    assert gone_on.plan.device == "cpu"
    whole = ds.fit(CURVE, FEW, device="cpu", **asked | {"steps": 30})
    assert gone_on.params == whole.params


def test_a_checkpoint_of_another_device_is_one_of_another_fit(pretended, tmp_path):
    asked = {"optimizer": "adam", "steps": 20, "checkpoint": tmp_path / "a"}
    ds.fit(CURVE, FEW, device="gpu", **asked)
    with pytest.raises(ds.RequestError, match="device was 'gpu' and is not given"):
        ds.fit(CURVE, FEW, **asked)


@pytest.mark.parametrize("plan", [{"optimizer": "gd", "learning_rate": 0.1}, {"optimizer": "adam", "batch_size": 500}])
def test_wide_blocks_give_the_same_answer(plan, monkeypatch):
    narrow = ds.fit(CURVE, DATA, steps=40, **plan)
    monkeypatch.setattr(rows, "on_gpu", lambda: True)
    assert rows.capacity(20_000) == (1, 32_768) and rows.capacity(3_000_000) == (4, rows.WIDE_BLOCK)
    wide = ds.fit(CURVE, DATA, steps=40, **plan)
    assert list(wide.params.values()) == pytest.approx(list(narrow.params.values()), rel=1e-12)


def test_threads_compute_where_the_one_does_that_started_them():
    code = (
        "import jax, threading, jax.numpy as jnp\n"
        "from downslope.device import same_device, device_name, on_gpu\n"
        "second, seen = jax.devices()[1], []\n"
        "def work(scope):\n"
        "    with scope():\n"
        "        seen.append(jnp.ones(1).devices())\n"
        "with jax.default_device(second):\n"
        "    scope = same_device()\n"
        "    assert device_name() == 'cpu' and not on_gpu()\n"
        "thread = threading.Thread(target=work, args=(scope,))\n"
        "thread.start(); thread.join(); work(same_device())\n"
        "assert seen == [{second}, {jax.devices()[0]}], seen\n"
    )
    two = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run([sys.executable, "-c", code], env=two, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
