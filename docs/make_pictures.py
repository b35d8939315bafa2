"""Make the pictures of these pages anew, each from a real fit: python docs/make_pictures.py"""

from pathlib import Path

from PIL import Image  # comes with Matplotlib

import downslope as ds

PICTURES = Path(__file__).parent / "pictures"
READINGS = Path(__file__).parents[1] / "examples" / "thermometer.csv"


def thermometer() -> ds.Fit:
    """Plain descent at a rate at which the steps land across the valley and still go down."""
    asked = {"optimizer": "gd", "learning_rate": 0.85, "steps": 40, "scale": "columns", "start": {"w": 1.0, "b": 0.0}}
    return ds.fit("celsius = w*unknown + b", READINGS, **asked)


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
