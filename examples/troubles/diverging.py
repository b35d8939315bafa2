"""Diverging: the loss leaves for infinity.

Each step multiplies the error by 1 - rate*curvature. If that is below -1, every step ends higher than it began. Raw
readings of 20 to 80 make the curvature 5883, so any rate above 2/5883 = 3.4e-4 explodes, and 0.01 does it in 87 steps.
"""

import downslope as ds

readings = ds.sample("thermometer")
fit = ds.fit(
    "celsius = w*unknown + b", readings, optimizer="gd", learning_rate=0.01, steps=5000, start={"w": 1.0, "b": 0.0}
)
print(fit.explain())

# A smaller rate saves the numbers, but then the other direction hardly moves: the repair tries that first, and goes on.
repair = fit.repair()
print(repair)
for trial in repair.tried:
    print(f"  tried {dict(trial.change)}: loss {trial.loss:.3g}{', cured' if trial.cured else ''}")
