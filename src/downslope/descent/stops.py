"""Why a descent ends, as the compiled loop knows it, and in words."""

GOING_ON, SETTLED, STUCK, EDGE, NOT_FINITE, BELOW_TOLERANCE = range(6)

STOPPED = {
    SETTLED: "nothing left to gain",
    STUCK: "no step lowers the loss",
    EDGE: "at an edge of the model",
    NOT_FINITE: "not finite",
    BELOW_TOLERANCE: "gradient below tolerance",
}
"""STUCK: much seems left to gain, but the smallest step that the numbers hold raises the loss. EDGE: nothing is left
on this side of a place beyond which the model is no number. The others say what they are."""
