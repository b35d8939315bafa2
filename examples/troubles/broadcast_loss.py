"""Broadcast loss: predictions of shape (n, 1) against targets of shape (n,) make n times n differences."""

import torch

import downslope as ds

x = torch.linspace(-1, 1, 20)[:, None]
y = 2 * x[:, 0] + 1
runs = []

for shaped in (False, True):
    line = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
    with ds.watch() as run:
        for _ in range(50):
            predicted = line(x)[:, 0] if shaped else line(x)  # the repair: one shape for both
            optimizer.zero_grad()
            ((predicted - y) ** 2).mean().backward()
            optimizer.step()
    print(run.explain())
    runs.append(run)
