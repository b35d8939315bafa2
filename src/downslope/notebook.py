"""Notebook: a fit as a widget, for JupyterLab and marimo; the same view as in a replay."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from downslope.errors import MissingExtra
from downslope.pictures import browser
from downslope.viewing import view_of

if TYPE_CHECKING:
    from downslope.result import Fit

IN_A_NOTEBOOK = """
.ds-view { background: var(--ds-page); padding: 14px; border-radius: 6px; }
[data-jp-theme-light="false"] .ds, .dark .ds { color-scheme: dark; --ds-light: ; --ds-dark: initial; }
[data-jp-theme-light="true"] .ds, .light .ds { color-scheme: light; --ds-light: initial; --ds-dark: ; }
"""
"""On paper of its own, so that it can be read on any; light or dark as JupyterLab and marimo are."""


def view_widget(fit: "Fit", panels: str | Sequence[str] | None = None) -> Any:
    """A fit as an anywidget that plays it; `Fit.view`.

    Raises: MissingExtra without anywidget; RequestError for a picture that does not apply.
    """
    return _view_class()(view=view_of(fit, panels))


@lru_cache(maxsize=1)
def _view_class() -> type[Any]:
    try:
        from anywidget import AnyWidget
        from traitlets import Dict, Unicode
    except ImportError:
        raise MissingExtra("fit.view", "anywidget", "notebook") from None

    class View(AnyWidget):
        """What the page draws stands in `view`; `kind` tells the program what it is."""

        _esm = browser.bundle("lab")
        _css = browser.style("view") + IN_A_NOTEBOOK
        kind = Unicode("view").tag(sync=True)
        view = Dict().tag(sync=True)

    return View
