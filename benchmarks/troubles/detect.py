"""Detect: make every run, ask for its findings, and hold them against the truth."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context

from benchmarks.troubles.cases import Case, cases
from benchmarks.troubles.mend import Repaired, fitted, mended
from benchmarks.troubles.programs import PROGRAMS, Program
from benchmarks.troubles.truth import HEALTHY


@dataclass(frozen=True)
class Verdict:
    """What was found in one run, beside what is true: plain values, that another process can send.

    found: all symptoms, the first one first; raised: the error, if the fit or its findings raised one.
    """

    program: str
    half: str
    true: str
    accept: frozenset[str]
    meant: str
    severity: str
    seed: int
    found: tuple[str, ...]
    messages: tuple[str, ...]
    raised: str = ""

    @property
    def faulty(self) -> bool:
        return self.true != HEALTHY

    @property
    def noticed(self) -> bool:
        """Something was found."""
        return bool(self.found)

    @property
    def right(self) -> bool:
        """The first finding is the true cause, or nothing was found where nothing is wrong."""
        return self.found[0] in self.accept if self.found and self.faulty else not self.found and not self.faulty

    def __str__(self) -> str:
        said = self.raised or ", ".join(self.found) or "nothing"
        also = f" (or {', '.join(sorted(self.accept - {self.true}))})" if len(self.accept) > 1 else ""
        return f"{self.half} | {self.program} | {self.true}{also} | {self.severity} | seed {self.seed} | found: {said}"


def examined(case: Case) -> Verdict:
    """Make the run of a case and ask for its findings."""
    found: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    raised = ""
    try:
        findings = fitted(case).findings
        kept = [finding for finding in findings if finding.symptom not in case.program.allowed]
        found, messages = tuple(f.symptom for f in kept), tuple(f.message for f in kept)
    except Exception as error:  # counted as a miss, and told with the others
        raised = f"{type(error).__name__}: {error}"
    of = (case.program.name, case.program.half, case.truth.symptom, case.truth.accept, case.meant, case.severity)
    return Verdict(*of, case.seed, found, messages, raised)


@dataclass(frozen=True)
class Part:
    """All of one program: verdicts, what became of repairs, runs left out as doubtful, seconds of a core for the truth
    and for the rest.
    """

    program: str
    verdicts: tuple[Verdict, ...]
    repairs: tuple[Repaired, ...]
    left_out: int
    truth_seconds: float
    fit_seconds: float


def of_program(program: Program, repairs: bool) -> Part:
    """Cases of a program, examined and, if asked, repaired."""
    started = time.process_time()
    made, left_out = cases(program)
    middle = time.process_time()
    verdicts = tuple(examined(case) for case in made)
    repaired = tuple(mended(case) for case in made) if repairs else ()
    return Part(program.name, verdicts, repaired, left_out, middle - started, time.process_time() - middle)


def each_part(names: Sequence[str] = (), repairs: bool = False) -> Iterator[Part]:
    """Every program, or those named, as they are done, in as many processes as there are cores."""
    # the numbers are small: threads of the linear algebra would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    chosen = [program for program in PROGRAMS if not names or program.name in names]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(of_program, repairs=repairs), chosen)


@lru_cache(maxsize=1)
def all_parts() -> tuple[Part, ...]:
    """Every program with its repairs; once in a process."""
    return tuple(each_part(repairs=True))
