"""A rate that bounces, cured by a decay.

The slope of the mean absolute error has the same size near the minimum as far away. So steps of a fixed rate never
get shorter: they bounce from one side of the valley to the other. A rate that falls lets them settle.
"""

import numpy as np

import downslope as ds

data = ds.sample("quadratic")
asked = {"loss": "mae", "optimizer": "gd", "steps": 2000, "start": {"a": 1.1, "b": 1.1, "c": 1.1}}
rates = {
    "fixed": 0.1,
    "halved every 200 steps": "step(0.1, every=200, factor=0.5)",
    "half a cosine to 0": "cosine(0.1)",
    "halved on a plateau": "plateau(0.1, patience=20)",
}

fits = {}
print("rate                     loss after 100, 1,000 and 2,000 steps    it moves in the last 100 by")
for name, rate in rates.items():
    fit = fits[name] = ds.fit("y = a*x**2 + b*x + c", data, learning_rate=rate, **asked)
    loss = fit.history.loss
    print(f"{name:<24} {loss[100]:.5f}   {loss[1000]:.5f}   {loss[2000]:.5f}    {np.ptp(loss[-100:]):>22.1e}")

print("\nThe lowest possible is 0.98592, found by linear programming.")
