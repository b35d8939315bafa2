"""A cluster of this machine: a scheduler in this process, and a worker process for each core.

The workers are started as commands of their own, not by multiprocessing: that would run the user's script once more in
each of them. They are a group of their own too, which Ctrl-C in the terminal does not reach.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from downslope.errors import RequestError

ENDS = 3.0
"""Seconds in which workers are to end when they are asked to."""
COMES_UP = 60
"""Seconds that a worker waits for its scheduler, and that the first of them may take."""


@contextmanager
def local_scheduler(workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers of one thread, for as long as it is needed.

    Raises: RequestError if no worker comes up.
    """
    from distributed import Client, LocalCluster, TimeoutError

    with (
        tempfile.TemporaryDirectory(prefix="downslope-workers-", ignore_cleanup_errors=True) as folder,
        LocalCluster(
            n_workers=0,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=False,
        ) as cluster,
        started(cluster.scheduler_address, workers, folder) as process,
        Client(cluster, set_as_default=False) as client,
    ):
        for _ in range(COMES_UP):
            with suppress(TimeoutError):
                client.wait_for_workers(workers, timeout=1)
                break
            if process.poll() is not None:
                break
        if not client.nthreads():
            raise RequestError("no worker of the local cluster came up; fit without cluster")
        yield cluster.scheduler_address


@contextmanager
def started(address: str, workers: int, folder: str) -> Iterator[subprocess.Popen[bytes]]:
    """So many workers of one thread for a scheduler, as processes of this machine, until the end."""
    words = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--nworkers",
        str(workers),
    ]
    words += ["--no-dashboard", "--local-directory", folder, "--death-timeout", str(COMES_UP)]
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=_surroundings(),
    )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDS)
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _surroundings() -> dict[str, str]:
    """A worker has one core: libraries that would take all of them are told so. What can be imported here can be there,
    and programs that are compiled are kept where they are kept here.
    """
    import jax

    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
    paths = [path for path in sys.path if path and os.path.exists(path)]
    here = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
        "XLA_FLAGS": flags.strip(),
        "PYTHONPATH": os.pathsep.join([os.getcwd(), *paths]),
    }
    cache = jax.config.values.get("jax_compilation_cache_dir")
    if cache:
        here |= {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
        }
    return {**os.environ, **here}
