"""Overshooting: each step lands across the valley, lower than it began, but not by much.

A spring: force = k*stretch. The loss is a parabola in k, of curvature c = 2*mean(stretch**2). A step of the rate 1/c
lands on its floor; up to 2/c it lands on the other side, and the loss still falls.
"""

import numpy as np

import downslope as ds

rng = np.random.default_rng(1)
stretch = rng.uniform(0.0, 2.0, 50)
data = {"stretch": stretch, "force": 3 * stretch + 0.1 * rng.normal(size=50)}
curvature = 2 * np.mean(stretch**2)

fit = ds.fit("force = k*stretch", data, optimizer="gd", learning_rate=1.8 / curvature, steps=60, start={"k": 0.0})
print(fit.explain())
print("k at the first steps:", fit.history.params[:6, 0].round(2))

repair = fit.repair()
print(repair)
print("k at the first steps:", repair.fit.history.params[:6, 0].round(2))
