"""What a fit on a cluster costs: how long it takes with so many workers, told beforehand from a few numbers.

A pass takes as long as the worker that has most of the rows, and what it costs to ask all workers and to add up what
they answer. The first term falls with the number of workers, the second grows with it; where they meet, more workers
are of no more use.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a job and a cluster are like. Measured by `./run bench scale cluster`; seconds, bytes.

    rows, slices:  of the data, and into how many slices they are cut; one worker has whole slices.
    passes:        over all rows: one for each step of a descent and one for each look; 5 to 10 in an automatic fit.
    compute:       seconds of one core for one row in one pass.
    read:          seconds of one core to read one row; once where the rows fit in the memory of the workers.
    latency:       seconds of a pass in which there is nothing to do, with one worker.
    each:          seconds more for each further worker, all of which are asked by one scheduler.
    answer:        bytes of what one slice adds: (p + 1)² numbers and a few.
    bandwidth:     bytes a second that reach the process that adds them up.
    in_memory:     whether the workers keep the rows.

    >>> cost = Cost(rows=10**9, slices=1000, passes=8, compute=4e-8, read=2e-8)
    >>> round(cost.seconds(1)), round(cost.seconds(10)), round(cost.seconds(100), 1)
    (340, 34, 3.9)
    """

    rows: int
    slices: int
    passes: float
    compute: float
    read: float
    latency: float = 0.01
    each: float = 0.0005
    answer: float = 500.0
    bandwidth: float = 1e9
    in_memory: bool = True

    def rows_of_one(self, workers: int) -> float:
        """Rows of the worker that has most of them."""
        return self.rows * math.ceil(self.slices / min(workers, self.slices)) / self.slices

    def pass_seconds(self, workers: int, cores: int | None = None) -> float:
        """Of one pass over rows that are in memory. cores: of all workers together, where they share a machine."""
        busy = self.rows_of_one(workers) * self.compute * _crowded(workers, cores)
        return busy + self.latency + self.each * (workers - 1) + self.answer * self.slices / self.bandwidth

    def seconds(self, workers: int, cores: int | None = None) -> float:
        """Of the whole fit, from workers that are up."""
        reading = self.rows_of_one(workers) * self.read * _crowded(workers, cores)
        return self.passes * self.pass_seconds(workers, cores) + reading * (1 if self.in_memory else self.passes)

    def best(self, most: int = 1000) -> int:
        """The number of workers, up to `most`, with which it is over soonest; of equals the smallest.

        >>> Cost(rows=10**6, slices=16, passes=8, compute=4e-8, read=2e-8).best()
        8
        """
        return min(range(1, most + 1), key=lambda workers: (self.seconds(workers), workers))


def _crowded(workers: int, cores: int | None) -> float:
    """How much slower a worker is for sharing cores with others."""
    return 1.0 if cores is None else max(1.0, workers / cores)
