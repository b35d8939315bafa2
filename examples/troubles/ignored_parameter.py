"""Ignored parameter: nothing depends on it, so nothing can move it.

It never rained while these numbers were taken: the column is 0 in every row, and whatever r is, the predictions are the
same. A descent leaves it where it began, which looks like a result and is none.
"""

import numpy as np

import downslope as ds

hour = np.arange(12.0)
data = {"hour": hour, "rain": 0 * hour, "visitors": 40 + 3 * hour}
fit = ds.fit("visitors = a + v*hour + r*rain", data)
print(fit.explain())
print(fit.repair())

# Leave it out, or hold it and say so.
held = ds.fit("visitors = a + v*hour + r*rain", data, **fit.findings[0].remedy)
print(held.state, {name: round(value, 3) for name, value in held.params.items()}, held.findings)
