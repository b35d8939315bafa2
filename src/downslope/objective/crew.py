"""Crew: the workers of a Dask cluster, as those who are asked for sums: where they are found, whether they can do it,
and what is said when they are lost.
"""

import logging
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import metadata
from typing import Any
from warnings import catch_warnings, filterwarnings

from downslope.cores import cores
from downslope.errors import DataError, MissingExtra, RequestError, shortened
from downslope.objective.local_crew import local_scheduler

CONNECT = 10.0
"""Seconds in which a scheduler must answer."""
PATIENCE = 60.0
"""Seconds for which a cluster may be without any worker: what is scaled up or restarted takes some time."""
ALIKE = ("downslope", "jax", "numpy")
"""Packages whose versions must be the same everywhere, or the answers may not be."""


class ClusterLost(DataError):
    """A cluster that was there has gone while it was needed."""


class Crew:
    """The workers of a cluster, while somebody may ask them for something."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.closed = False

    def workers(self) -> list[str]:
        """Their addresses, in one order; waits for the first."""
        from distributed import TimeoutError

        if not self.client.nthreads():
            try:
                self.client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError:
                raise RequestError(
                    f"the cluster at {self.client.scheduler.address} has no worker, and got none in {PATIENCE:.0f} s"
                ) from None
        return sorted(self.client.nthreads())

    def threads(self) -> int:
        """Of all workers together."""
        return max(1, sum(self.client.nthreads().values()))

    def start(self, function: Any, *args: Any, on: str | None = None) -> Any:
        """The future of what a function, which must be importable, gives; by preference on one worker."""
        with self._lost(), catch_warnings():
            filterwarnings("ignore", "Sending large graph")  # rows that are sent on purpose
            return self.client.submit(
                function, *args, pure=False, workers=None if on is None else [on], allow_other_workers=on is not None
            )

    def results(self, function: Any, futures: Sequence[Any], *args: Any) -> list[Any]:
        """What a function gives for each future, worked on where they are."""
        return self.wait([self.start(function, future, *args) for future in futures])

    def wait(self, futures: Sequence[Any]) -> list[Any]:
        """What they give, in their order.

        Raises: ClusterLost if the scheduler, or all workers, are gone for long.
        """
        from distributed import TimeoutError, wait

        alone = 0.0
        with self._lost():
            while True:
                try:
                    with self.client.as_current():
                        wait(futures, timeout=STEP)
                    break
                except TimeoutError:
                    alone = 0.0 if self.client.nthreads() else alone + STEP
                    if alone >= PATIENCE:
                        raise ClusterLost(
                            f"no worker is left at {self.client.scheduler.address}, and none came in {PATIENCE:.0f} s"
                        ) from None
            return self.client.gather(list(futures))

    @contextmanager
    def _lost(self) -> Iterator[None]:
        from concurrent.futures import CancelledError as Cancelled

        from distributed import CancelledError
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        try:
            yield
        except KilledWorker as error:
            raise ClusterLost(
                f"{error.allowed_failures + 1} workers died one after another of the same rows; of memory, most likely."
                " Give the workers more of it, or take more workers"
            ) from None
        except (CancelledError, Cancelled, CommClosedError, OSError) as error:
            address = getattr(self.client.scheduler, "address", None) or "the scheduler"
            raise ClusterLost(f"the cluster at {address} was lost ({type(error).__name__})") from None
        except RuntimeError as error:
            if self.client.status == "running":
                raise
            raise ClusterLost(f"the cluster was lost ({error})") from None


STEP = 1.0
"""Seconds between two looks at whether there are workers."""


@contextmanager
def at_work(cluster: Any) -> Iterator[Crew]:
    """The crew of a cluster: "local" starts one here and ends it; an address, a Dask cluster or a Client is one that is
    there, and stays.

    Raises: MissingExtra without Dask; RequestError if there is no such cluster, or its workers have other versions.
    """
    try:
        import distributed
    except ImportError:
        raise MissingExtra("a cluster", "distributed", "dask") from None
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if isinstance(cluster, distributed.Client):
            client = cluster
            if client.asynchronous:
                raise RequestError(
                    "cluster is an asynchronous Client; give one that was made without asynchronous=True"
                )
            if client.status != "running":
                raise RequestError(f"cluster is a Client that is {client.status}; make a new one")
        else:
            address = cluster
            if isinstance(cluster, str) and cluster == "local":
                address = stack.enter_context(local_scheduler(cores()))
            elif not isinstance(cluster, str) and not hasattr(cluster, "scheduler_address"):
                raise RequestError(
                    f"cluster is {cluster!r:.80}; give 'local', the address of a scheduler ('tcp://scheduler:8786') "
                    "or a Dask Client"
                )
            client = stack.enter_context(_connected(address))
        crew = Crew(client)
        try:
            crew.workers()
            _refuse_others(client)
            yield crew
        finally:
            crew.closed = True


@contextmanager
def _connected(address: Any) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError, ImportError, AssertionError) as error:  # its loop asserts that it runs
        shown = address if isinstance(address, str) else type(address).__name__
        raise RequestError(
            f"no Dask scheduler answers at {shown!r:.80} ({_first_line(error)}). Give the address that the scheduler "
            "printed when it was started, such as 'tcp://scheduler:8786', or 'local'"
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=5)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _refuse_others(client: Any) -> None:
    """Refuse workers that lack a package, or have another version of one, than is here."""
    complaints = []
    for package in ALIKE:
        complaints += _differing(
            client.run(metadata.version, package, on_error="return"), metadata.version(package), package
        )
    pythons = client.run(platform.python_version, on_error="return")
    here = platform.python_version()
    short = {worker: _minor(each) for worker, each in pythons.items()}
    complaints += _differing(short, _minor(here), "Python")
    if complaints:
        raise RequestError(
            f"the workers of the cluster are not like this process: {'; '.join(complaints)}. Give all the same packages"
        )


def _minor(version: Any) -> Any:
    return ".".join(version.split(".")[:2]) if isinstance(version, str) else version


def _differing(found: Mapping[str, Any], here: str, package: str) -> list[str]:
    """In words, the workers where a version is another."""
    by_version: dict[str, list[str]] = {}
    for worker, version in sorted(found.items()):
        if version != here:
            by_version.setdefault(version if isinstance(version, str) else "", []).append(worker)
    return [
        (f"{package} {version} instead of {here}" if version else f"no {package}") + f" on {shortened(workers, 3)}"
        for version, workers in by_version.items()
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Dask says of lost workers and connections: what matters of it is raised."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    before = {name: logging.getLogger(name).level for name in (*names, "distributed")}
    for name in before:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
