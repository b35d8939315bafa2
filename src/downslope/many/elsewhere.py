"""Elsewhere: slabs that are read here and fitted by the workers of a cluster."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

from downslope.data.groups import Groups
from downslope.errors import InputError
from downslope.many.slab import fit_slab
from downslope.many.spec import Spec
from downslope.objective.cluster import Refused
from downslope.objective.crew import Crew, at_work
from downslope.objective.travel import packed, unpacked
from downslope.plan import Plan

AHEAD = 2
"""Slabs that are on their way to a thread of a worker, or with it."""


def crew_of(cluster: Any) -> AbstractContextManager[Crew | None]:
    """The workers of a cluster, or nobody without one.

    Raises: as `at_work`.
    """
    return nullcontext() if cluster is None else at_work(cluster)


def fitted(
    crew: Crew, spec: Spec, plan: Plan, slabs: Iterable[Groups], of: int, closer: int
) -> Iterator[tuple[Groups, dict[str, Any]]]:
    """Slabs with their results, in order; of, closer: as for `fit_slab`.

    Raises: ClusterLost.
    """
    raw = packed((spec, plan))
    most = AHEAD * crew.threads()
    waiting: deque[tuple[Groups, Any]] = deque()

    def next_one() -> tuple[Groups, dict[str, Any]]:
        slab, future = waiting.popleft()
        found = crew.wait([future])[0]
        if isinstance(found, Refused):
            raise found.error()
        return slab, found

    for slab in slabs:
        waiting.append((slab, crew.start(fit_there, raw, slab, of, closer)))
        if len(waiting) >= most:
            yield next_one()
    while waiting:
        yield next_one()


def fit_there(raw: bytes, slab: Groups, of: int, closer: int) -> Any:
    """`fit_slab`, on a worker."""
    try:
        spec, plan = _once(raw)
        return fit_slab(spec, plan, slab, of, closer)
    except InputError as error:
        return Refused.of(error)


@lru_cache(maxsize=8)
def _once(raw: bytes) -> Any:
    """The same objects for the same bytes, so that nothing is compiled twice."""
    return unpacked(raw)
