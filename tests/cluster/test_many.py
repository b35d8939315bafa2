"""Groups fitted by the workers of a cluster: the same fits."""

import numpy as np
import pytest

import downslope as ds

pytestmark = pytest.mark.slow


def groups(count):
    generator = np.random.default_rng(5)
    key, x = np.repeat(np.arange(count), 15), np.tile(np.linspace(0, 3, 15), count)
    rate = generator.uniform(0.5, 2, count)[key]
    return {"sensor": key, "x": x, "y": 2 * np.exp(-rate * x) + 0.3 + 0.01 * generator.normal(size=x.size)}


def test_many_fits_are_those_of_one_process(client, monkeypatch):
    from downslope.many import running

    monkeypatch.setattr(running, "SLAB_GROUPS", 100)
    data = groups(600)
    here = ds.fit_many("y = a*exp(-b*x) + c", data, by="sensor")
    there = ds.fit_many("y = a*exp(-b*x) + c", data, by="sensor", cluster=client)
    for name in ("sensor", "a", "b", "c", "a_error", "b_error"):
        np.testing.assert_allclose(there.table[name], here.table[name], rtol=1e-9)
    assert there.table["state"].tolist() == here.table["state"].tolist()


def test_a_function_is_fitted_there_too(client):
    def decay(x, a=1.0, b=1.0):
        return a * np.exp(-b * x)

    data = groups(3)
    found = ds.fit_many(decay, data, by="sensor", target="y", cluster=client)
    here = ds.fit_many(decay, data, by="sensor", target="y")
    np.testing.assert_allclose(found.table["b"], here.table["b"], rtol=1e-9)


def test_an_address_where_nobody_answers(monkeypatch):
    from downslope.objective import crew

    monkeypatch.setattr(crew, "CONNECT", 0.3)
    with pytest.raises(ds.RequestError, match="no Dask scheduler answers"):
        ds.fit_many("y = a*x", groups(2), by="sensor", cluster="tcp://127.0.0.1:1")
