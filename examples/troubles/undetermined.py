"""Undetermined: the data cannot tell two parameters apart.

The same amount in two columns, once in euros and once in cents. Any a and b with the same a + 100*b fit equally well,
so what comes out is an accident of the start. That is no fault of the training, and no other training cures it.
"""

import numpy as np

import downslope as ds

euros = np.array([1.0, 2.0, 3.5, 5.0, 8.0, 9.5])
data = {"euros": euros, "cents": 100 * euros, "weight": 0.2 * euros + 0.1}
fit = ds.fit("weight = a*euros + b*cents + c", data)
print(fit.explain())
print(fit.repair())

# The cure is one parameter less: hold b, and a is determined.
held = ds.fit("weight = a*euros + b*cents + c", data, fixed={"b": 0.0})
print(held.state, {name: round(value, 3) for name, value in held.params.items()}, held.findings)
