"""Make the pictures of these pages anew, each from a real fit: python docs/make_pictures.py (about five minutes)"""

from pathlib import Path

from PIL import Image  # comes with Matplotlib

import downslope as ds
from downslope.objective.cost import Cost

PICTURES = Path(__file__).parent / "pictures"
READINGS = Path(__file__).parents[1] / "examples" / "thermometer.csv"


def thermometer() -> ds.Fit:
    """Plain descent at a rate at which the steps land across the valley and still go down."""
    asked = {"optimizer": "gd", "learning_rate": 0.85, "steps": 40, "scale": "columns", "start": {"w": 1.0, "b": 0.0}}
    return ds.fit("celsius = w*unknown + b", READINGS, **asked)


def workers(path: Path) -> None:
    """What the cost model foretells of two fits on a cluster of up to 1,000 workers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=180, layout="constrained")
    axes = figure.add_subplot()
    counts = sorted({round(10 ** (place / 40)) for place in range(121)})
    for rows, name in ((10**10, "10,000 million rows"), (10**9, "1,000 million rows"), (10**8, "100 million rows")):
        job = Cost(rows, slices=max(1024, rows >> 22), passes=8, compute=4e-8, read=2e-8)
        axes.loglog(counts, [job.seconds(count) for count in counts], label=name)
        axes.plot(job.best(), job.seconds(job.best()), "o", color=axes.lines[-1].get_color())
    axes.set(xlabel="workers", ylabel="seconds of a fit of 8 passes", title="What a cluster is expected to take")
    axes.grid(alpha=0.3)
    axes.legend(title="a dot: soonest over")
    figure.savefig(path)


def growth(path: Path) -> None:
    """How the cost of a fit grows, measured now; the table of docs/scale.md is printed."""
    import sys

    from matplotlib.figure import Figure

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from benchmarks.scale.growth import measured

    figure = Figure(figsize=(8, 4.5), dpi=180, layout="constrained")
    axes = figure.add_subplot()
    print("| what grows | sizes | seconds | each dearer than the one before by |\n|---|---|---|---|")
    for one in measured():
        axes.loglog(
            [size / one.sizes[0] for size in one.sizes], [1e3 * each for each in one.seconds], "o-", label=one.what
        )
        sizes = ", ".join(f"{size:,}" for size in one.sizes)
        seconds = ", ".join(f"{each:.3g}" for each in one.seconds)
        print(
            f"| {one.what} | {sizes} | {seconds} | {', '.join(f'{factor:.2g}' for factor in one.factors)} |", flush=True
        )
    axes.set(xlabel="times the smallest size", ylabel="milliseconds of a fit", title="How the cost of a fit grows")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path)


def smaller(path: Path, width: int = 1440) -> None:
    """A palette, and no more pixels than a page shows: a third of the bytes."""
    picture = Image.open(path).convert("RGB")
    height = round(picture.height * width / picture.width)
    picture.resize((width, height), Image.Resampling.LANCZOS).quantize(256, Image.Quantize.FASTOCTREE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    thermometer().plot(["fitted", "loss", "valley", "path"], path=PICTURES / "thermometer.png", force=True)
    smaller(PICTURES / "thermometer.png")
    workers(PICTURES / "cluster.png")
    smaller(PICTURES / "cluster.png")
    growth(PICTURES / "growth.png")
    smaller(PICTURES / "growth.png")
