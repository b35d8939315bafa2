"""Pictures of what was seen while descending and measured afterwards: loss, steps, units, gauge."""

from downslope.errors import RequestError
from downslope.model.equation import read_expression
from downslope.model.tree import Apply, Node
from downslope.pictures import Scene, gauge, loss_curve, steps, units
from downslope.scenes.curves import KINKS
from downslope.scenes.request import Request


def draw_loss(request: Request) -> Scene:
    """The loss at each step; with it that over rows held out, or over all rows if the steps saw batches."""
    taken = request.measured.taken
    others = {}
    if taken.overall is not None:
        others["all rows"] = (taken.overall.steps, taken.overall.losses)
    if taken.validation is not None:
        others["held out"] = (taken.validation.steps, taken.validation.losses)
    return loss_curve(request.history, request.findings, others)


def draw_steps(request: Request) -> Scene:
    """How steep it was and how far each step went."""
    return steps(request.history)


def draw_units(request: Request) -> Scene:
    """The ReLU units of a formula, layer by layer.

    Raises: RequestError if there are none, or nothing is known of them.
    """
    seen = request.measured.taken.units
    if seen is None:
        raise RequestError("this picture is of the ReLU units of a formula, and none were measured here")
    return units(seen, [layer_of(text) for text, _, _ in seen.on])


def layer_of(text: str) -> int:
    """The layer of a ReLU unit in a formula: one more than of the units that it is fed with.

    >>> layer_of("relu(w*x + b)"), layer_of("relu(v*relu(w*x) + u*maximum(0, x) + c)")
    (1, 2)
    """
    try:
        root = read_expression(text)
    except RequestError:  # a text that was shortened
        return max(1, text.count("relu("))
    deepest = 0
    waiting: list[tuple[Node, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, Apply):
            depth += node.op in KINKS
            deepest = max(deepest, depth)
            waiting += [(each, depth) for each in node.args]
    return max(1, deepest)


def draw_gauge(request: Request) -> Scene:
    """The certificate.

    Raises: RequestError if there is none.
    """
    run = request.run
    if run.certificate is None:
        raise RequestError("how far this answer is from the minimum could not be measured, so there is nothing to show")
    freedom = run.uncertainty.freedom if run.uncertainty is not None else run.rows - len(run.parameters)
    return gauge(run.certificate, run.state, run.loss, freedom=freedom, reasons=run.reasons)
