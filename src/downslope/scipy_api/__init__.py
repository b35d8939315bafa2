"""SciPy's curve_fit, answered by downslope: change one import.

from scipy.optimize import curve_fit      →      from downslope.scipy_api import curve_fit
"""

from downslope.scipy_api.fitted import curve_fit

__all__ = ["curve_fit"]
