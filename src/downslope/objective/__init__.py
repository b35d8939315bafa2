"""What is minimised: a weighted mean over rows, wherever the rows are."""

from downslope.objective.loss import Loss, as_loss
from downslope.objective.objective import Curvature, Objective, Sums, build
from downslope.objective.rows import Rows, pack

__all__ = ["Curvature", "Loss", "Objective", "Rows", "Sums", "as_loss", "build", "pack"]
