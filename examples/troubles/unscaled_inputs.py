"""Unscaled inputs: a column of large numbers makes the valley narrow, and scaling alone would cure it.

The readings run from 20 to 80. So the slope w is felt thousands of times more than the offset b, and a rate that is
safe for w hardly moves b.
"""

import downslope as ds

readings = ds.sample("thermometer")
fit = ds.fit(
    "celsius = w*unknown + b", readings, optimizer="gd", learning_rate=1e-4, steps=2000, start={"w": 1.0, "b": 0.0}
)
print(fit.explain())

# Nothing is scaled behind your back. scale="columns" descends on columns of about -1..1 and answers in your units.
repair = fit.repair()
print(repair)
print("w and b, in degrees:", {name: round(value, 3) for name, value in repair.fit.params.items()})
