"""Ravine: a valley so narrow that no rate serves both of its directions.

Two thermometers hang side by side and show nearly the same. Their sum is steep, their difference flat, and bringing the
columns to one size changes nothing. Steps must be short for the one and would have to be long for the other.
"""

import numpy as np

import downslope as ds

rng = np.random.default_rng(0)
left = rng.uniform(-1, 1, 60)
right = left + 0.02 * rng.normal(size=60)
data = {"left": left, "right": right, "ice": 3 * left - 2 * right + 0.001 * rng.normal(size=60)}

fit = ds.fit("ice = a*left + b*right", data, optimizer="gd", learning_rate=0.7, steps=500, start={"a": 0.0, "b": 0.0})
print(fit.explain())

repair = fit.repair()
print(repair)
