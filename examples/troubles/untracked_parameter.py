"""Untracked parameter: a constant where a variable was meant. No gradient arrives, and it stays where it is."""

import torch

import downslope as ds

x = torch.linspace(-1, 1, 20)
y = 2 * x + 1
runs = []

for tracked in (False, True):  # the repair: requires_grad=True; in TensorFlow, tf.Variable for tf.constant
    w, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=tracked)
    optimizer = torch.optim.SGD([w, b], lr=0.1)
    with ds.watch() as run:
        for _ in range(50):
            optimizer.zero_grad()
            ((w * x + b - y) ** 2).mean().backward()
            optimizer.step()
    print(run.explain())
    runs.append(run)
