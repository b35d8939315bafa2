"""Outliers: a few rows carry the loss. The fault is in the data, and no training cures it.

Two of these fifty numbers were mistyped. The squared loss counts their distance by its square, so they pull the line.
"""

import numpy as np

import downslope as ds

rng = np.random.default_rng(0)
x = np.linspace(-1, 1, 50)
y = 2 * x + 1 + 0.05 * rng.normal(size=50)
y[[6, 30]] += [3.0, -4.0]  # rows 7 and 31, as people count

fit = ds.fit("y = w*x + b", {"x": x, "y": y})
print(fit.explain())
print(fit.repair())

# Look at the rows. If they must stay, a loss that counts large distances less is pulled less.
robust = ds.fit("y = w*x + b", {"x": x, "y": y}, **fit.findings[0].remedy)
print("true 2 and 1; squares:", fit.params, "huber:", robust.params)
