"""Many rows, many fits, long runs: how fast, and the same answer? `./run bench scale [PART...]`."""

from benchmarks.scale import cluster, growth, kills, linear, many, rows, stream

PARTS = {
    "linear": linear.figures,
    "rows": rows.figures,
    "stream": stream.figures,
    "many": many.figures,
    "growth": growth.figures,
    "kills": kills.figures,
    "cluster": cluster.figures,
}
