from contextlib import contextmanager

import numpy as np
import polars
import pytest


@contextmanager
def clients(workers):
    """That of a cluster of workers with one thread each, in this process: up at once."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def client():
    """Two workers."""
    with clients(2) as client:
        yield client


@pytest.fixture(scope="session")
def three():
    """Three workers."""
    with clients(3) as client:
        yield client


@pytest.fixture(scope="session")
def decays():
    """200,000 rows of two close exponentials."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 6, 200_000)
    return {"x": x, "y": 2 * np.exp(-x) + 1.5 * np.exp(-1.4 * x) + 0.01 * generator.normal(size=x.size)}


@pytest.fixture(scope="session")
def chunks(decays, tmp_path_factory):
    """The same in 100 Parquet files, as a pattern."""
    folder = tmp_path_factory.mktemp("chunks")
    for number in range(100):
        some = slice(2000 * number, 2000 * (number + 1))
        polars.DataFrame({name: values[some] for name, values in decays.items()}).write_parquet(
            folder / f"{number:02}.parquet"
        )
    return str(folder / "*.parquet")


@pytest.fixture
def line_file(tmp_path):
    """(rows, noise) -> a CSV file of y = 2 x + 1."""

    def write(rows=80_000, name="line.csv", noise=0.1, **changes):
        generator = np.random.default_rng(1)
        x = generator.uniform(0, 10, rows)
        y = 2 * x + 1 + noise * generator.normal(size=rows)
        path = tmp_path / name
        polars.DataFrame({"x": x, "y": y}).write_csv(path)
        return path

    return write
