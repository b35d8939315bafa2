"""Crawling: everything goes the right way, only too slowly.

The curvature tells how many steps are still to come, and which rate would have arrived in those that were taken.
"""

import downslope as ds

data = ds.sample("line")
fit = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.01, steps=200, start={"w": 0.0, "b": 0.0})
print(fit.explain())

# Two cures: as many more steps as the finding foretells, or the rate that it names.
needed = fit.findings[0].evidence["steps still needed"]
longer = fit.resume(steps=int(needed))
print(f"after {longer.history.step[-1]} steps of the same rate: {longer.findings or 'nothing wrong'}")

repair = fit.repair()
print(repair)
