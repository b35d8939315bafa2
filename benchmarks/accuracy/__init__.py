"""Is the answer right, does it say so, and what does that cost? `./run bench accuracy [PART...]`."""

from benchmarks.accuracy import certificate, coverage, linear, nist, speed

PARTS = {
    "nist": nist.figures,
    "linear": linear.figures,
    "certificate": certificate.figures,
    "coverage": coverage.figures,
    "speed": speed.figures,
}
