"""The search for a model that is linear in its parameters: one linear program, and a proof of how low its corner is."""

from collections.abc import Iterator

from downslope.descent.kinks.kinked import NEGLIGIBLE, ROUNDING, Case, Place, View
from downslope.descent.kinks.linear_program import frame, lowest, side
from downslope.descent.kinks.vertex import is_only, prove, vertex
from downslope.descent.stops import SETTLED, STOPPED, STUCK


def straight(case: Case, here: Place) -> Iterator[View]:
    """The view from the start, from the corner, and, if the solver's tolerances left something, from lower ones."""
    coordinates = frame(here.matrix, case.cost)
    while True:
        lines = case.lines(here)
        answer = lowest(lines, coordinates)
        if answer is None:
            yield View(here, float("inf"), side(here.residual, case.problem.level), STOPPED[STUCK])
            return
        corner = vertex(lines, coordinates, answer)
        there = case.place(case.moved(here, corner.move), here.matrix)
        beyond = case.lines(there)
        proof = prove(beyond, coordinates, corner, there.fuzz)
        gap = max(0.0, here.loss - there.loss + proof.gap)
        lower = there.loss < here.loss
        small = case.negligible(here, NEGLIGIBLE if lower else ROUNDING)
        if gap <= small:
            unique = is_only(beyond, coordinates, proof.slope, there.fuzz)
            yield View(here, gap, proof.slope, STOPPED[SETTLED], unique)
            return
        if not lower:
            yield View(here, gap, side(here.residual, case.problem.level), STOPPED[STUCK])
            return
        yield View(here, gap, side(here.residual, case.problem.level))
        if proof.gap <= case.negligible(there):
            unique = is_only(beyond, coordinates, proof.slope, there.fuzz)
            yield View(there, proof.gap, proof.slope, STOPPED[SETTLED], unique)
            return
        here = there
