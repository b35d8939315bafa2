"""Sums of ReLUs approach a parabola: 2, 4, 8 and 16 hinges.

A hinge a*relu(x - k) is 0 left of k and a straight line right of it. A sum of them is a curve of straight pieces.
Twice as many pieces are half as long, and a chord of half the length is four times closer to a parabola; the mean
squared error can then be 16 times smaller.
"""

import downslope as ds

data = ds.make("y = x**2", x="linspace(-2, 2)", n=200)

fits = {}
for hinges in (2, 4, 8, 16):
    fits[hinges] = ds.fit(
        f"y = relu_sum(x, hinges={hinges})",
        data,
        optimizer="adam",
        learning_rate="cosine(0.05)",
        steps=4000,
    )
    print(f"{hinges:>3} hinges: mean squared error {fits[hinges].loss:.2e}")

four = fits[4]
print("\nFour hinges, and where the slope changes: ", end="")
print(*(f"{name} = {value:.2f}" for name, value in four.params.items() if name.startswith("k")), sep=", ")
print(four.sketch())
