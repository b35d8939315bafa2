"""Bouncing: the steps circle about the minimum and never settle.

The slope of the mean absolute error is as steep near the minimum as far away, so steps of a fixed rate never get
shorter. A rate that falls to nothing lets them come to rest.
"""

import downslope as ds

data = ds.sample("quadratic")
asked = {"loss": "mae", "optimizer": "gd", "steps": 1000, "start": {"a": 1.1, "b": 1.1, "c": 1.1}}
fit = ds.fit("y = a*x**2 + b*x + c", data, learning_rate=0.3, **asked)
print(fit.explain())
print("the last losses:", fit.history.loss[-4:].round(4))

# What the finding names is tried here by hand; the repair takes the smallest change that is good enough.
settled = ds.fit("y = a*x**2 + b*x + c", data, **(asked | fit.findings[0].remedy))
print("the last losses of", settled.plan.learning_rate, settled.history.loss[-4:].round(4))

repair = fit.repair()
print(repair)
