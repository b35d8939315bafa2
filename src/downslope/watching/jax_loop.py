"""A loop in JAX: what the gradient functions answer that are made, and called on numbers, while it is watched.

`jax.grad` computes the value too and drops it; here it is kept. A function that jax.jit compiled as a whole, and one
that was made before, runs where nobody can look: `uncompiled` lets JAX run everything operation by operation instead.
"""

import functools
import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any

from downslope.watching.patches import Patches
from downslope.watching.rows import Rows, numbers
from downslope.watching.seen import Seen


class JaxLoop:
    """Follows the loops of the thread in which it was made."""

    def __init__(self, jax: Any, patches: Patches, uncompiled: bool) -> None:
        self.jax = jax
        self.seen = Seen(f"jax {jax.__version__}", "a JAX loop")
        self.compiled = 0
        self._thread = threading.get_ident()
        self._rows = Rows(self.seen)
        self._loss: Any = None
        self._value_and_grad = jax.value_and_grad
        patches.replace(jax, "value_and_grad", self._with_value)
        patches.replace(jax, "grad", self._without_value)
        if uncompiled:
            mode = jax.disable_jit()
            mode.__enter__()
            patches.later(lambda: mode.__exit__(None, None, None))

    def _with_value(self, original: Any) -> Any:
        def value_and_grad(fun: Any, argnums: Any = 0, has_aux: bool = False, **settings: Any) -> Any:
            made = original(fun, argnums, has_aux, **settings)
            return self._watched(fun, made, argnums, has_aux, lambda value, slopes: (value, slopes))

        return value_and_grad

    def _without_value(self, original: Any) -> Any:
        def grad(fun: Any, argnums: Any = 0, has_aux: bool = False, **settings: Any) -> Any:
            plain = original(fun, argnums, has_aux, **settings)  # says what is wrong with fun or argnums in its words
            both = self._value_and_grad(fun, argnums, has_aux, **settings)

            def answer(value: Any, slopes: Any) -> Any:
                return (slopes, value[1]) if has_aux else slopes

            return self._watched(fun, both, argnums, has_aux, answer, plain)

        return grad

    def _watched(
        self, fun: Any, both: Any, argnums: Any, has_aux: bool, answer: Callable[..., Any], plain: Any = None
    ) -> Any:
        """`both` as a function that is seen; once nobody watches, or in a compilation, it is the original."""
        unseen = plain if plain is not None else both

        @functools.wraps(unseen)
        def seen(*args: Any, **settings: Any) -> Any:
            if self.seen.over or threading.get_ident() != self._thread:
                return unseen(*args, **settings)
            value, slopes = both(*args, **settings)
            self.seen.guarded(self._record, fun, args, argnums, value[0] if has_aux else value, slopes)
            return answer(value, slopes)

        return seen

    def _record(self, fun: Any, args: Sequence[Any], argnums: Any, loss: Any, slopes: Any) -> None:
        jax = self.jax
        chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        trained = tuple(args[place] for place in chosen)
        leaves = jax.tree.leaves((trained, loss))
        if any(isinstance(each, jax.core.Tracer) for each in leaves):
            self.compiled += 1
            return
        if self._loss is None:
            self._loss = fun
        elif self._another(fun):
            self.seen.note("the loop has several losses: only the first one is recorded")
            return
        arrays = [numbers(each) for each in jax.tree.leaves(trained)]
        gradients = [numbers(each) for each in jax.tree.leaves(slopes)]
        if not len(self._rows):
            self._rows.begin(lambda: self._names(fun, chosen, trained), arrays)
        self._rows.add(list(range(len(arrays))), arrays, list(gradients), float(loss))

    def finish(self) -> None:
        """Nothing is left to be asked."""

    def _another(self, fun: Any) -> bool:
        """Whether this is another loss: not one that the loop defines anew in each step."""
        first, second = getattr(self._loss, "__code__", self._loss), getattr(fun, "__code__", fun)
        return first is not second

    def _names(self, fun: Any, chosen: tuple[int, ...], trained: tuple) -> list[str]:
        """Names as the loss has them: of its argument, or of the entries of a dict in it."""
        try:
            arguments = list(inspect.signature(fun).parameters)
        except (TypeError, ValueError):
            arguments = []
        names = []
        for place, value in zip(chosen, trained, strict=True):
            own = arguments[place] if place < len(arguments) else f"argument {place + 1}"
            for path, _ in self.jax.tree_util.tree_leaves_with_path(value):
                keys = [str(getattr(each, "key", getattr(each, "name", getattr(each, "idx", each)))) for each in path]
                names.append(".".join(keys) if keys and not keys[0].isdigit() else ".".join([own, *keys]))
        return names
