"""`./run bench [NAME [PART...]]`: measure, print asked beside measured, and end with 1 if a figure was missed."""

import sys
from collections.abc import Callable, Iterator, Sequence

from benchmarks import accuracy, explain, lab, scale, scan, startup, steps, troubles, view, watch
from benchmarks.measure import Figure

Figures = Callable[[], Iterator[Figure | str]]

BENCHMARKS: dict[str, dict[str, Figures]] = {
    "steps": {"": steps.figures},
    "startup": {"": startup.figures},
    "scan": {"": scan.figures},
    "accuracy": accuracy.PARTS,
    "scale": scale.PARTS,
    "watch": {"": watch.figures},
    "explain": {"": explain.figures},
    "lab": {"": lab.figures},
    "view": {"": view.figures},
    "troubles": troubles.PARTS,
}
"""Each in parts that can be asked for."""


def main(words: Sequence[str]) -> int:
    """Run the benchmarks, or the parts of them, that are named, or all."""
    asked: dict[str, list[str]] = {}
    for word in words or BENCHMARKS:
        if word in BENCHMARKS:
            asked[word] = []
        elif asked and word in BENCHMARKS[last := list(asked)[-1]]:
            asked[last].append(word)
        else:
            known = [" ".join([name, *(f"[{part}]" for part in parts if part)]) for name, parts in BENCHMARKS.items()]
            print(f"no benchmark {word!r}; there are: {', '.join(known)}", file=sys.stderr)
            return 2
    missed = 0
    for name, chosen in asked.items():
        for part in chosen or BENCHMARKS[name]:
            print(f"\n{name} {part}".rstrip())
            for figure in BENCHMARKS[name][part]():
                print(f"  {figure}", flush=True)
                missed += isinstance(figure, Figure) and not figure.met
    print(f"\n{missed} figures missed" if missed else "\nall figures met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
