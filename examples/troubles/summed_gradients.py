"""Summed gradients: backward() adds to what is stored, and nobody set it to zero.

The loop of a well-known course, as it stands in its notes: each step uses the sum of all gradients so far.
"""

import torch

import downslope as ds

x, y = (torch.tensor(column) for column in ds.sample("quadratic").columns.values())
runs = []

for zeroed in (False, True):
    abc = torch.tensor([1.1, 1.1, 1.1], dtype=torch.float64, requires_grad=True)
    with ds.watch() as run:
        for _ in range(10):
            loss = (abc[0] * x**2 + abc[1] * x + abc[2] - y).abs().mean()
            loss.backward()
            with torch.no_grad():
                abc -= 0.01 * abc.grad
                if zeroed:  # the repair: one line of the loop
                    abc.grad.zero_()
    print(run.explain())
    runs.append(run)
