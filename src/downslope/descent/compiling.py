"""How programs are compiled, where the default is not the best."""

QUICK = {"xla_backend_optimization_level": 1}
"""For programs that run over few rows, once: compiled in half the time, a little slower to run."""
