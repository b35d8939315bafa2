"""A plane through 1,000 points by stochastic descent: each step sees one row only, drawn at random.

A single row's slope points only roughly downhill, but 1,000 steps cost as much as one step on all rows. A fixed rate
keeps jumping around the minimum; a rate that falls settles.
"""

import numpy as np

import downslope as ds

data = ds.sample("plane")  # y = w1*x1 + w2*x2 + b, noise 0.01
print("truth:", data.truth)

settings = {"optimizer": "sgd", "batch_size": 1, "epochs": 5, "start": {"w1": 0.0, "w2": 0.0, "b": 0.0}, "seed": 0}
fixed = ds.fit("y = w1*x1 + w2*x2 + b", data, learning_rate=0.3, **settings)
falling = ds.fit("y = w1*x1 + w2*x2 + b", data, learning_rate="cosine(0.3)", **settings)
all_rows = ds.fit("y = w1*x1 + w2*x2 + b", data, learning_rate=0.3, optimizer="gd", steps=5, start=settings["start"])

print("\nrows seen   distance to the truth: all rows a step   one row, fixed   one row, falling")
truth = np.array([fixed.truth[name] for name in fixed.history.parameters])
for epoch in range(6):
    far = [np.linalg.norm(fit.history.params[row] - truth)
           for fit, row in ((all_rows, epoch), (fixed, 1000 * epoch), (falling, 1000 * epoch))]  # fmt: skip
    print(f"{1000 * epoch:>9}   {far[0]:>39.5f}  {far[1]:>15.5f}  {far[2]:>16.5f}")

print()
for name, value in falling.params.items():
    print(f"{name}: estimated {value:+.4f}, true {falling.truth[name]:+.4f}")
