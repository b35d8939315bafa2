"""`./run bench [NAME...]`: measure, print asked beside measured, and end with 1 if a figure was missed."""

import sys

from benchmarks import startup, steps
from benchmarks.measure import Figure

BENCHMARKS = {"steps": steps.figures, "startup": startup.figures}


def main(names: list[str]) -> int:
    """Run the benchmarks of these names, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    missed = 0
    for name in names or BENCHMARKS:
        print(f"\n{name}")
        for figure in BENCHMARKS[name]():
            print(f"  {figure}", flush=True)
            missed += isinstance(figure, Figure) and not figure.met
    print(f"\n{missed} figures missed" if missed else "\nall figures met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
