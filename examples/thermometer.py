"""A thermometer in unknown units: the same steps on scaled and on raw readings.

Plain descent on a parabola of curvature c multiplies the error by 1 - rate*c at each step. Raw readings of 20 to 80
make the curvature 5883, so the rate 0.01 multiplies the error by -57.8: it explodes. Readings times 0.1 make it 60.6;
the factor is then 0.39, and the same rate works.
"""

import downslope as ds

raw = ds.sample("thermometer")
scaled = {"celsius": raw["celsius"], "unknown": 0.1 * raw["unknown"]}
asked = {"start": {"w": 1.0, "b": 0.0}, "optimizer": "gd", "learning_rate": 0.01, "epochs": 5000}

good = ds.fit("celsius = w*unknown + b", scaled, **asked)
print("Readings times 0.1:")
for epoch in (1, 2, 3, 10, 100, 1000, 5000):  # epoch k sees the loss that k - 1 steps have led to
    print(f"  epoch {epoch:>4}  loss {good.history.loss[epoch - 1]:.4f}")
w, b = good.params["w"], good.params["b"]
print(f"  celsius = {w:.4f} * (0.1*unknown) {b:+.4f}")
print(f"  celsius = (unknown - {-10 * b / w:.1f}) / {10 / w:.2f}   (Fahrenheit is (F - 32) / 1.8)")

bad = ds.fit("celsius = w*unknown + b", raw, **asked)
print("\nRaw readings, the same rate:")
for epoch in (1, 2, 3, 10, 80):
    print(f"  epoch {epoch:>4}  loss {bad.history.loss[epoch - 1]:.4g}")
print(f"  {bad.state}: {bad.reasons[0]}")
for finding in bad.findings:
    print(f"  {finding.symptom}: {finding.message}")

cure = bad.findings[0].remedy
again = ds.fit("celsius = w*unknown + b", raw, **(asked | cure))
print(f"\nThe remedy is {cure}. Raw readings with it: loss {again.loss:.4f}, and falling slowly.")
