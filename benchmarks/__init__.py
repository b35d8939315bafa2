"""Measurements, as ratios within one run: `./run bench`."""
