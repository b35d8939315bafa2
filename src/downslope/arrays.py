"""Names for the shapes that arrays have, given once.

With jaxtyping imported before this module (a package for development; the tests do it) they are its types, which
beartype checks at run time; without it they are plain arrays. JAX is not imported for them.
"""

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jax
    import numpy as np
    from jaxtyping import Float

    AnyArray = jax.Array | np.ndarray
    Scalar = Float[AnyArray, ""]
    Params = Float[AnyArray, "p"]
    Rows = Float[AnyArray, "n"]
elif "jaxtyping" in sys.modules:
    from jaxtyping import Float

    Scalar, Params, Rows = Float[Any, ""], Float[Any, "p"], Float[Any, "n"]
else:
    Scalar = Params = Rows = Any


def double_precision() -> AbstractContextManager[Any]:
    """The scope in which JAX computes in float64, and only there: the process-wide setting stays the user's.

    >>> import jax.numpy as jnp
    >>> with double_precision():
    ...     print(jnp.ones(1).dtype)
    float64
    """
    import jax

    return jax.enable_x64(True)
