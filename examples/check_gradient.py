"""A gradient written by hand, held against automatic differentiation. One derivative is wrong: which?

The model is amplitude * exp(-rate*t) and the loss the mean squared error. The chain rule gives
2 * mean(residual * exp(-rate*t)) by the amplitude and 2 * mean(residual * amplitude * -t * exp(-rate*t)) by the rate.
"""

import numpy as np

import downslope as ds

data = ds.make("y = 3*exp(-0.5*t)", t="linspace(0, 4)", noise=0.05, n=50)
formula = "y = amplitude*exp(-rate*t)"


def by_hand(t, y, amplitude, rate):
    residual = amplitude * np.exp(-rate * t) - y
    by_amplitude = 2 * np.mean(residual * np.exp(-rate * t))
    by_rate = 2 * np.mean(residual * amplitude * t * np.exp(-rate * t))  # the minus is missing
    return by_amplitude, by_rate


def corrected(t, y, amplitude, rate):
    by_amplitude, by_rate = by_hand(t, y, amplitude, rate)
    return by_amplitude, -by_rate


first = ds.check_gradient(formula, by_hand, data)
print(first)
print("wrong:", *first.wrong)

second = ds.check_gradient(formula, corrected, data)
print("\nafter the correction:", "all agree" if second.ok else second)
