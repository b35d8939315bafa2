"""What is asked of a cluster before it is trusted with rows."""

import logging
import sys

import pytest

import downslope as ds
from downslope.errors import MissingExtra
from downslope.objective import crew

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "lokal", ""])
def test_an_address_where_nobody_answers(monkeypatch, chunks, address):
    monkeypatch.setattr(crew, "CONNECT", 0.3)
    with pytest.raises(ds.RequestError, match="no Dask scheduler answers at"):
        ds.fit("y = a*x", chunks, cluster=address)


def test_what_is_no_cluster(chunks):
    with pytest.raises(ds.RequestError, match="cluster is 5; give 'local'"):
        ds.fit("y = a*x", chunks, cluster=5)


def test_without_the_package(monkeypatch, chunks):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"downslope\[dask\]"):
        ds.fit("y = a*x", chunks, cluster="local")


def test_a_client_that_is_closed(chunks):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        client = Client(cluster, set_as_default=False)
        client.close()
        with pytest.raises(ds.RequestError, match="cluster is a Client that is closed"):
            ds.fit("y = a*x", chunks, cluster=client)


def test_a_cluster_without_workers(monkeypatch, chunks):
    from distributed import Client, LocalCluster

    monkeypatch.setattr(crew, "PATIENCE", 0.1)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
        pytest.raises(ds.RequestError, match="has no worker, and got none in"),
    ):
        ds.fit("y = a*x", chunks, cluster=client)


@pytest.mark.parametrize(
    "found, said",
    [
        ({"tcp://a:1": "0.1", "tcp://b:2": "2.0"}, ["jax 0.1 instead of 2.0 on 'tcp://a:1'"]),
        ({"tcp://a:1": ModuleNotFoundError("jax"), "tcp://b:2": "2.0"}, ["no jax on 'tcp://a:1'"]),
        ({"tcp://a:1": "2.0"}, []),
    ],
)
def test_workers_of_another_version(found, said):
    assert crew._differing(found, "2.0", "jax") == said


def test_other_versions_are_refused_by_name(client, chunks, monkeypatch):
    from importlib import metadata

    monkeypatch.setattr(crew.metadata, "version", lambda package: "0.0.1")
    monkeypatch.setattr(client, "run", lambda call, *args, **_: {"tcp://a:1": metadata.version and "0.0.2"})
    with pytest.raises(ds.RequestError, match="downslope 0.0.2 instead of 0.0.1 on 'tcp://a:1'"):
        ds.fit("y = a*x", chunks, cluster=client)


def test_levels_of_logs_are_put_back(client, chunks):
    before = logging.getLogger("distributed.client").level
    ds.fit("y = a*x", chunks, cluster=client)
    assert logging.getLogger("distributed.client").level == before
