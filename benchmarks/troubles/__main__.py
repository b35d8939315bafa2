"""`python -m benchmarks.troubles misses [PROGRAM...]`: a line for each run that was not found as it should be."""

import sys
from collections.abc import Sequence

from benchmarks.troubles.detect import each_part
from benchmarks.troubles.figures import repair_table, table


def main(words: Sequence[str]) -> int:
    """misses: those alone; table: the rates; runs: every run; repairs: misses, and runs that were not repaired."""
    what, names = (words[0], tuple(words[1:])) if words else ("misses", ())
    if what not in ("misses", "table", "runs", "repairs"):
        print("python -m benchmarks.troubles misses | table | runs | repairs [PROGRAM...]", file=sys.stderr)
        return 2
    parts = []
    for part in each_part(names, repairs=what == "repairs"):
        parts.append(part)
        for repaired in part.repairs:
            if not repaired.good:
                print("REPAIR", repaired, sep=" | ", flush=True)
        for verdict in part.verdicts if what != "table" else ():
            if what == "runs" or not verdict.right:
                print(verdict, *verdict.messages, sep="\n    ", flush=True)
    print("\n".join([*table(parts), *(repair_table(parts) if what == "repairs" else ())]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
