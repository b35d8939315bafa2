"""The lab: a page in the browser, or a widget in a notebook, where a descent is steered by hand. The verb is `lab`."""

from downslope.laboratory.opening import lab

__all__ = ["lab"]
