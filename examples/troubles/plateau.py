"""Plateau: next to no slope, but no minimum.

The peak that is looked for lies at 2, and the search starts at -3.9. From there its slope cannot be felt: exp(-x**2)
has no tail to speak of. No rate helps; another start does.
"""

import numpy as np

import downslope as ds

x = np.linspace(-4, 4, 60)
data = {"x": x, "y": np.exp(-((x - 2) ** 2))}
fit = ds.fit("y = exp(-(x - m)**2)", data, optimizer="gd", learning_rate=0.5, steps=500, start={"m": -3.9})
print(fit.explain())

repair = fit.repair()
print(repair)
print(f"{len(repair.tried) - 1} smaller changes were tried first, and none was enough")
