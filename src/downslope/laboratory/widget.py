"""Widget: the page of the lab in a notebook. The same scripts, the same session; the notebook carries the messages."""

from collections.abc import Mapping
from typing import Any

from downslope.errors import MissingExtra
from downslope.laboratory.limits import Limits
from downslope.laboratory.page import asset
from downslope.laboratory.session import Session
from downslope.laboratory.uploads import Shelf
from downslope.laboratory.wire import finite


def widget(first: Mapping[str, Any], shelf: Shelf, limits: Limits) -> Any:
    """A widget that shows the lab; it is closed by its `close()`.

    Raises: MissingExtra without anywidget.
    """
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError:
        raise MissingExtra("ds.lab in a notebook", "anywidget", "notebook") from None

    class LabWidget(anywidget.AnyWidget):
        """The lab as a widget of a notebook."""

        _esm = _text("lab.js")
        _css = _text("view.css") + _text("lab.css")
        kind = traitlets.Unicode("lab").tag(sync=True)

        def __init__(self) -> None:
            super().__init__()
            self.session = Session(self._say, shelf=shelf, first=first, limits=limits)
            self.on_msg(self._hear)

        def close(self) -> None:
            """Take the widget from the page, and end what runs for it."""
            self.session.close()
            super().close()

        def _hear(self, _: Any, message: Any, buffers: Any) -> None:
            self.session.receive(message, buffers or ())

        def _say(self, message: dict[str, Any]) -> None:
            self.send(finite(message))

    return LabWidget()


def _text(name: str) -> str:
    return (asset(name) or b"").decode()
