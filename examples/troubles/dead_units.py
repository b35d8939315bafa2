"""Dead units: a ReLU that no row switches on.

relu(w*x + b) is 0 wherever w*x + b is negative. If that is so in every row, nothing depends on w and b any more: their
slope is 0, and no step of any rate can wake the unit up. Only another start can.
"""

import numpy as np

import downslope as ds

x = np.linspace(-4, 4, 60)
data = {"x": x, "y": 2 * np.maximum(x - 1, 0) + 0.5}
start = {"a": 1.0, "w": -1.0, "b": -10.0, "c": 0.0}
fit = ds.fit("y = a*relu(w*x + b) + c", data, optimizer="gd", learning_rate=0.05, steps=1000, start=start)
print(fit.explain())
print("rows that switch it on, at the start and at the end:", [each[1:] for each in fit.readings.units.on])

repair = fit.repair()
print(repair)
print("rows that switch it on, at the start and at the end:", [each[1:] for each in repair.fit.readings.units.on])
