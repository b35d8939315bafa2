"""Many fits: one model, fitted to each group of a table by itself. The verb is `fit_many`, the value `Fits`."""

from downslope.many.fits import Fits, GroupFit
from downslope.many.running import fit_many
from downslope.many.slab import Spec, fit_slab

__all__ = ["Fits", "GroupFit", "Spec", "fit_many", "fit_slab"]
