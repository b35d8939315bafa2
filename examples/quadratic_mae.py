"""A parabola fitted by its mean absolute error, ten small steps from (1.1, 1.1, 1.1).

The slope of the mae is a mean of signs. As long as no point changes sides the slope stays the same, and the loss
falls by the same amount at each step. If the gradients were not set to zero between steps (a common slip in loops
written by hand) they would add up, and the loss would fall faster and faster: 2.40, 2.36, 2.30 …
"""

import downslope as ds

fit = ds.fit(
    "y = a*x**2 + b*x + c",
    ds.sample("quadratic"),
    start={"a": 1.1, "b": 1.1, "c": 1.1},
    loss="mae",
    optimizer="gd",
    learning_rate=0.01,
    steps=11,
)

history = fit.history
print(f"loss at the start: {history.loss[0]:.4f}")
print("gradient there:   ", *(f"{slope:.4f}" for slope in history.gradient[0]))
for step in range(1, 11):
    a, b, c = history.params[step]
    print(f"after {step:>2} steps: loss {history.loss[step]:.2f}   y = {a:.3f}*x**2 + {b:.3f}*x + {c:.3f}")
