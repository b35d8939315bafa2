"""Nonfinite: a number that is none is born, and not by growth.

The first step leads from a = 3 to below 0, and there is no logarithm. The finding names the operation, the row and what
it was given; the repair takes shorter steps.
"""

import numpy as np

import downslope as ds

x = np.linspace(0.5, 3, 40)
data = {"x": x, "y": np.log(0.2 * x)}
fit = ds.fit("y = log(a*x)", data, optimizer="gd", learning_rate=3.0, steps=300, start={"a": 3.0})
print(fit.explain())

repair = fit.repair()
print(repair)
