"""Overfitting: the descent learns the noise of its rows.

Ten columns of which one matters, and few rows. A part of them is held out, and the loss over those is followed too: it
falls while the descent learns what holds in general, and rises when it learns its rows by heart.
"""

import numpy as np

import downslope as ds

rng = np.random.default_rng(3)
data = {f"x{k}": rng.normal(size=40) for k in range(1, 11)}
data["y"] = data["x1"] + rng.normal(size=40)
formula = "y = " + " + ".join(f"w{k}*x{k}" for k in range(1, 11))
start = {f"w{k}": 0.0 for k in range(1, 11)}
fit = ds.fit(formula, data, validation=0.6, optimizer="gd", learning_rate=0.05, steps=1000, start=start)
print(fit.explain())

repair = fit.repair()
print(repair.reason)
print({name: round(value, 2) for name, value in repair.fit.params.items()})
