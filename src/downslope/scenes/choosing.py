"""Which pictures there are, by name, and which of them say something about a fit."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from downslope.errors import RequestError, UnknownName
from downslope.pictures import Scene
from downslope.scenes.curves import draw_fitted, draw_hinges, draw_predicted, draw_residuals, hinge_terms
from downslope.scenes.measured import draw_gauge, draw_loss, draw_steps, draw_units
from downslope.scenes.request import Request
from downslope.scenes.valleys import draw_path, draw_valley

if TYPE_CHECKING:
    from downslope.result import Fit

PICTURES: dict[str, Callable[[Request], Scene]] = {
    "fitted": draw_fitted,
    "loss": draw_loss,
    "valley": draw_valley,
    "path": draw_path,
    "residuals": draw_residuals,
    "predicted": draw_predicted,
    "hinges": draw_hinges,
    "units": draw_units,
    "steps": draw_steps,
    "gauge": draw_gauge,
}
USUAL = ("fitted", "loss", "valley", "path")
"""Those that are drawn where nobody says which."""


def that_apply(fit: "Fit", *, quick: bool = False) -> list[str]:
    """Names of the pictures that say something about this fit, those that are looked at first in front.

    Args:   quick: leave out what would have to be measured first.
    """
    run, request = fit.run, Request(fit, quick=quick)
    watched = bool(run.chosen.get("watched"))
    with_data = fit.has_model and (fit.problem is not None or run.columns is not None)
    names = ["fitted"] if with_data else []
    names.append("loss")
    if len(run.parameters) and len(run.history) and (with_data or watched):
        names += ["valley", "path"] if len(run.parameters) >= 2 else ["valley"]
    if with_data:
        names.append("residuals")
        names += ["hinges"] if request.only_column is not None and hinge_terms(request) else []
    kinked = with_data and not run.is_code and not request.model.smooth
    if kinked and request.measured.taken.units is not None:
        names.append("units")
    if run.steps > 0:
        names.append("steps")
    return [*names, "gauge"] if run.certificate is not None else names


def scene(fit: "Fit", name: str, *, frames: int = 60, quick: bool = False) -> Scene:
    """One picture by name; "valley:w" and "path:w,b" say which parameters.

    Args:   frames: at so many steps, at most, a curve that moves is drawn; quick: for a redraw at each move of a
            slider: nothing is measured that is not known already, and grids are coarser.
    Raises: UnknownName, RequestError.
    """
    kind, _, which = name.partition(":")
    if kind not in PICTURES:
        raise UnknownName("picture", kind, tuple(PICTURES))
    asked = tuple(part.strip() for part in which.split(",")) if which else ()
    takes = {"valley": 1, "path": 2}.get(kind, 0)
    if asked and len(asked) != takes:
        raise RequestError(f"the picture {kind!r} takes {takes or 'no'} parameters, and {name!r} names {len(asked)}")
    for parameter in asked:
        if parameter not in fit.run.parameters:
            raise UnknownName("parameter", parameter, fit.run.parameters)
    return PICTURES[kind](Request(fit, asked, frames, quick))
