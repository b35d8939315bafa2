"""Local minimum: the descent went down to the bottom of a valley, but of the wrong one.

A wave that is fitted by one of another frequency: the loss against w is a row of valleys. Which one is found depends on
the start. Other starts, tried side by side, tell whether there is a lower one.
"""

import numpy as np

import downslope as ds

x = np.linspace(-4, 4, 60)
data = {"x": x, "y": np.sin(2 * x)}
fit = ds.fit("y = sin(w*x)", data, optimizer="gd", learning_rate=0.01, steps=500, start={"w": 6.0})
print(fit.explain())

repair = fit.repair()
print(repair)
