"""Standard errors at the minimum of a quantile loss, from how dense the rows are around their kink.

Koenker (2005), Quantile Regression, section 3.4.2: the kernel sandwich of Powell (1991), with the bandwidth of Hall and
Sheather (1988) and a Gaussian kernel, as R's quantreg has it under "ker". statsmodels' QuantReg has the same bandwidth,
but one density for all rows. When not to use it: for a few dozen rows, where it is rough.
"""

from statistics import NormalDist

import numpy as np


def sparsity_covariance(jacobian: np.ndarray, residuals: np.ndarray, weight: np.ndarray, level: float) -> np.ndarray:
    """Covariance (p, p) of the parameters at the minimum; for mae, level 0.5.

    level (1 - level) D⁻¹ (Σ w² x xᵀ) D⁻¹ with D = Σ w density x xᵀ, where density is the kernel's at each residual.

    Args:   jacobian (n, p) of the predictions; residuals (n,) target less prediction, in its units, divided by the
            spread if there is one (the jacobian too); weight (n,), 0 or more. Rows of weight 0 do not count.
    Returns: inf on the diagonal, and nan beside it, where the rows near their kink cannot fix the parameters or the
            residuals have no width.

    >>> x = np.ones((100, 1))
    >>> float(sparsity_covariance(x, np.linspace(-1, 1, 100), np.ones(100), 0.5)[0, 0]) > 0
    True
    """
    used = weight > 0
    rows, around, share = jacobian[used], residuals[used], weight[used]
    if around.size <= jacobian.shape[1] or not (np.isfinite(rows).all() and np.isfinite(around).all()):
        return undetermined(jacobian.shape[1])
    width = bandwidth(around, level)
    if width == 0.0:
        return undetermined(jacobian.shape[1])
    near = np.sqrt(share * density(around, width))
    return sandwich(near[:, None] * rows, share[:, None] * rows, level)


def undetermined(params: int) -> np.ndarray:
    """The covariance of parameters of which nothing is known."""
    return np.where(np.eye(params, dtype=bool), np.inf, np.nan)


def density(residuals: np.ndarray, width: float) -> np.ndarray:
    """What each row adds to the density at its kink (n,), by a Gaussian kernel."""
    return np.exp(-0.5 * (residuals / width) ** 2) / (np.sqrt(2 * np.pi) * width)


def sandwich(near: np.ndarray, rows: np.ndarray, level: float) -> np.ndarray:
    """Covariance (p, p) of rows times the root of weight and density (n, p), and times weight (m, p); or of any others
    with the same products, such as their triangular factors.
    """
    size = np.linalg.norm(rows, axis=0)
    if not size.all():
        return undetermined(size.size)
    middle = np.linalg.svd(near / size, full_matrices=False)
    if middle.S[-1] <= 1e-12 * middle.S[0] or middle.S[0] == 0.0:
        return undetermined(size.size)
    half = (rows / size) @ ((middle.Vh.T / middle.S**2) @ middle.Vh)
    return level * (1 - level) * (half.T @ half) / np.outer(size, size)


def bandwidth(residuals: np.ndarray, level: float) -> float:
    """Distance from the kink within which rows count: Hall and Sheather's, in units of the residuals.

    The smaller of standard deviation and interquartile range / 1.34, times what the probability level ± h spans on
    the normal distribution.
    """
    middle_half = float(np.subtract(*np.percentile(residuals, [75, 25])))
    return bandwidth_of(float(np.std(residuals)), middle_half, residuals.size, level)


def bandwidth_of(deviation: float, middle_half: float, count: int, level: float) -> float:
    """The same from standard deviation, interquartile range and number of the residuals."""
    normal = NormalDist()
    at = normal.inv_cdf(level)
    share = count ** (-1 / 3) * normal.inv_cdf(0.975) ** (2 / 3)
    share *= (1.5 * normal.pdf(at) ** 2 / (2 * at**2 + 1)) ** (1 / 3)
    while level - share <= 0 or level + share >= 1:
        share /= 2
    return min(deviation, middle_half / 1.34) * (normal.inv_cdf(level + share) - normal.inv_cdf(level - share))
