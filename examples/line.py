"""A line through 100 noisy points: 200 steps of plain descent, then 200 more.

After 200 steps the slope is still a third too large. Along one direction the valley of the loss is flat, so the steps
there are short. 200 more steps bring both numbers close to the true ones. What is left then is the noise in the data.
"""

import downslope as ds

data = ds.sample("line")  # y = 0.1*x + 0.5, with noise of 0.01
fit = ds.fit(
    "y = w*x + b",
    data,
    start={"w": 0.0, "b": -1.0},
    optimizer="gd",
    learning_rate=0.1,
    steps=200,
)
more = fit.resume(steps=200)

print("steps     w        b        loss")
for row in (0, 1, 10, 100, 200, 300, 400):
    w, b = more.history.params[row]
    print(f"{more.history.step[row]:>5}  {w:.5f}  {b:+.5f}  {more.history.loss[row]:.7f}")

print()
for name, estimated in more.params.items():
    print(f"{name}: estimated {estimated:.4f}, true {more.truth[name]:.4f}")
print()
print(more.sketch())
