"""The history of a fit as one asks for it: columns that can plot and show themselves."""

from dataclasses import fields
from typing import Any

from downslope.history import History
from downslope.pictures import loss_curve
from downslope.report import history_table


class ShownHistory(History):
    """A `History` with a picture of its loss, `plot()`, and a table for notebooks.

    >>> import downslope as ds
    >>> fit = ds.fit("y = w*x", {"x": [1.0, 2.0], "y": [2.0, 4.0]}, optimizer="gd", learning_rate=0.1, steps=3)
    >>> fit.history.plot().get_title(), len(fit.history)
    ('Loss at each step', 4)
    """

    @classmethod
    def showing(cls, history: History) -> "ShownHistory":
        """The same columns."""
        return cls(**{entry.name: getattr(history, entry.name) for entry in fields(history)})

    def plot(self, ax: Any = None) -> Any:
        """Draw the loss at each step with Matplotlib; `fit.plot("loss")` also marks what was found.

        Args:   ax: axes to draw on; left out, those of a new figure.
        Returns: the axes.
        Raises: MissingExtra without Matplotlib.
        """
        from downslope.pictures import matplotlib_renderer

        return matplotlib_renderer.draw(loss_curve(self), ax)

    def _repr_html_(self) -> str:
        return history_table(self)
