"""Programs: what is fitted to what, written down as data, and which half of the suite each belongs to.

Thresholds may be looked at on the half that is `seen`; figures are reported on the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Values = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Program:
    """A model and how its data are drawn.

    columns  ends between which each is drawn evenly; a name of another column and a correlation: (other, 0.99)
    truth    parameters that made the target; table: a file of real rows instead
    noise    standard deviation (Laplace for mae); of a logistic loss none, its targets are drawn
    start    where a descent begins as a rule; a seed moves it by a tenth
    most     steps at most
    batch    rows in a batch, 0 for all
    wrong    other starts by the fault that they are meant to provoke
    variants other formulas of the same data by the fault that they are meant to provoke; z is a column of zeros,
             twin a copy of the first column
    allowed  findings that are true of every fit of this formula, and count neither way
    """

    name: str
    half: str
    formula: str
    columns: Mapping[str, tuple]
    start: Values
    truth: Values = field(default_factory=dict)
    noise: float = 0.1
    rows: int = 40
    loss: str = "mse"
    most: int = 1000
    batch: int = 0
    table: str = ""
    wrong: Mapping[str, tuple[Values, ...]] = field(default_factory=dict)
    variants: Mapping[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()

    @property
    def target(self) -> str:
        return self.formula.split("=")[0].strip()


_TWIN = {"undetermined": "y = w*x + v*twin + b", "ignored-parameter": "y = w*x + b + u*z"}

PROGRAMS = (
    Program("line", "seen", "y = w*x + b", {"x": (-1, 1)}, {"w": 0, "b": 0}, {"w": 2, "b": 1}, 0.05, variants=_TWIN),
    Program(
        "thermometer",
        "unseen",
        "celsius = w*unknown + b",
        {"unknown": ()},
        {"w": 1, "b": 0},
        rows=11,
        most=12000,
        table="thermometer",
        variants={"undetermined": "celsius = w*unknown + b + c", "ignored-parameter": "celsius = w*unknown + b + u*z"},
    ),
    Program(
        "parabola",
        "seen",
        "y = a + b*x + c*x**2",
        {"x": (0, 10)},
        {"a": 0, "b": 0, "c": 0},
        {"a": 4, "b": -3, "c": 0.5},
        2.0,
        rows=60,
        most=3000,
        variants={"undetermined": "y = a + b*x + c*x**2 + d*twin", "ignored-parameter": "y = a + b*x + c*x**2 + u*z*x"},
    ),
    Program(
        "cubic",
        "unseen",
        "y = a + b*x + c*x**2 + d*x**3",
        {"x": (0, 5)},
        {"a": 0, "b": 0, "c": 0, "d": 0},
        {"a": 1, "b": -4, "c": 1, "d": 0.2},
        1.0,
        rows=60,
        most=3000,
        variants={
            "undetermined": "y = a + b*x + c*x**2 + d*x**3 + e*twin**2",
            "ignored-parameter": "y = a + b*x + c*x**2 + d*x**3 + u*z",
        },
    ),
    Program(
        "exponential",
        "seen",
        "y = a*exp(-b*x) + c",
        {"x": (0, 5)},
        {"a": 1, "b": 0.4, "c": 0.5},
        {"a": 3, "b": 0.8, "c": 1},
        0.3,
        rows=60,
        most=2000,
        wrong={"plateau": ({"a": 1, "b": 40, "c": 0}, {"a": 0.5, "b": 25, "c": 1})},
        variants={"undetermined": "y = a*exp(d - b*x) + c", "ignored-parameter": "y = a*exp(-b*x) + c + u*z"},
    ),
    Program(
        "logistic-curve",
        "unseen",
        "y = top*sigmoid(k*(x - m))",
        {"x": (0, 10)},
        {"top": 2, "k": 0.7, "m": 4},
        {"top": 3, "k": 1.2, "m": 5},
        0.3,
        rows=60,
        most=2000,
        wrong={"plateau": ({"top": 2, "k": 1, "m": 60}, {"top": 1, "k": 1.2, "m": -40}, {"top": 2, "k": 3, "m": 22})},
        variants={
            "undetermined": "y = top*r*sigmoid(k*(x - m))",
            "ignored-parameter": "y = top*sigmoid(k*(x - m) + u*z)",
        },
    ),
    Program(
        "gaussian",
        "unseen",
        "y = a*exp(-0.5*((x - m)/s)**2)",
        {"x": (-5, 5)},
        {"a": 2, "m": 0.4, "s": 1.4},
        {"a": 3, "m": 1, "s": 1},
        0.3,
        rows=60,
        most=2000,
        wrong={"plateau": ({"a": 2, "m": 20, "s": 1}, {"a": 2, "m": -15, "s": 0.8}, {"a": 3, "m": 30, "s": 2})},
        variants={
            "undetermined": "y = a*h*exp(-0.5*((x - m)/s)**2)",
            "ignored-parameter": "y = a*exp(-0.5*((x - m)/s)**2) + u*z",
        },
    ),
    Program(
        "two-peaks",
        "seen",
        "y = a*exp(-(x - m)**2) + d*exp(-(x - k)**2)",
        {"x": (-6, 6)},
        {"a": 2, "m": -2.4, "d": 1, "k": 2.5},
        {"a": 3, "m": -3, "d": 1.5, "k": 3},
        0.3,
        rows=60,
        most=2000,
        wrong={
            "local-minimum": (
                {"a": 1, "m": 2, "d": 1, "k": 3.7},
                {"a": 1, "m": 2.4, "d": 0.5, "k": 3.4},
                {"a": 1, "m": -3.5, "d": 1, "k": -2.4},
            ),
            "plateau": ({"a": 1, "m": 25, "d": 1, "k": -25}, {"a": 1, "m": 14, "d": 1, "k": 16}),
        },
    ),
    Program(
        "sine",
        "unseen",
        "y = a*sin(b*x + c)",
        {"x": (0, 10)},
        {"a": 1.5, "b": 1.45, "c": 0.7},
        {"a": 2, "b": 1.5, "c": 0.5},
        0.4,
        rows=60,
        most=2000,
        wrong={
            "local-minimum": ({"a": 1, "b": 3, "c": 0}, {"a": 1, "b": 0.6, "c": 0}, {"a": 1, "b": 2.4, "c": 0.3}),
        },
        variants={"undetermined": "y = a*h*sin(b*x + c)", "ignored-parameter": "y = a*sin(b*x + c + u*z)"},
    ),
    Program(
        "cosine",
        "seen",
        "y = a*cos(b*x) + d",
        {"x": (-1, 8)},
        {"a": 1, "b": 1.75, "d": 0},
        {"a": 1.5, "b": 1.8, "d": 0.5},
        0.4,
        rows=60,
        most=2000,
        wrong={"local-minimum": ({"a": 1, "b": 3, "d": 0}, {"a": 1, "b": 0.7, "d": 0}, {"a": 1, "b": 4.2, "d": 0.5})},
        variants={"undetermined": "y = a*h*cos(b*x) + d", "ignored-parameter": "y = a*cos(b*x + u*z) + d"},
    ),
    Program("mae-line", "seen", "y = w*x + b", {"x": (-1, 1)}, {"w": 0, "b": 0}, {"w": 2, "b": 1}, 0.5, loss="mae"),
    Program(
        "huber-line", "unseen", "y = w*x + b", {"x": (-1, 2)}, {"w": 0, "b": 0}, {"w": 2, "b": 1}, 0.5, loss="huber(1)"
    ),
    Program(
        "logistic-regression",
        "seen",
        "y = w1*x1 + w2*x2 + b",
        {"x1": (-2, 2), "x2": (-2, 2)},
        {"w1": 0, "w2": 0, "b": 0},
        {"w1": 1.5, "w2": -1, "b": 0.5},
        rows=120,
        loss="logistic",
        most=2000,
    ),
    Program(
        "breast-cancer",
        "unseen",
        "y = w1*radius + w2*texture + b",
        {"radius": (), "texture": ()},
        {"w1": 0, "w2": 0, "b": 0},
        rows=90,
        loss="logistic",
        most=3000,
        table="breast_cancer",
    ),
    Program(
        "relu-sum",
        "seen",
        "y = b + a1*relu(x - k1) + a2*relu(x - k2)",
        {"x": (-2, 2)},
        {"b": 0.2, "a1": 0.7, "k1": -0.8, "a2": 0.5, "k2": 0.8},
        {"b": 0, "a1": 1, "k1": -1, "a2": 2, "k2": 0.5},
        0.3,
        rows=60,
        most=3000,
        wrong={
            "dead-units": (
                {"b": 0, "a1": 1, "k1": -0.8, "a2": 1, "k2": 4},
                {"b": 0, "a1": 1, "k1": 3, "a2": 1, "k2": 4},
                {"b": 0, "a1": 1, "k1": -1, "a2": 1, "k2": 2.05},
            )
        },
    ),
    Program(
        "relu-net",
        "unseen",
        "y = v1*relu(w1*x + b1) + v2*relu(w2*x + b2) + c",
        {"x": (-2, 2)},
        {"v1": 0.8, "w1": 0.9, "b1": 0.2, "v2": 0.9, "w2": -0.8, "b2": -0.3, "c": 0},
        {"v1": 1, "w1": 1.5, "b1": 0.5, "v2": 1.2, "w2": -1.4, "b2": -0.6, "c": 0.2},
        0.4,
        rows=60,
        most=3000,
        wrong={
            "dead-units": (
                {"v1": 0.8, "w1": 0.9, "b1": 0.2, "v2": 1, "w2": -0.8, "b2": -4, "c": 0},
                {"v1": 0.8, "w1": 0.9, "b1": -6, "v2": 1, "w2": -0.8, "b2": -6, "c": 0},
                {"v1": 0.8, "w1": 0.9, "b1": 0.2, "v2": 1, "w2": -0.8, "b2": -1.75, "c": 0},
            )
        },
        # what a unit's input is multiplied by, its output can be divided by: true of every such network
        allowed=frozenset({"undetermined"}),
    ),
    Program(
        "tanh-net",
        "seen",
        "y = a1*tanh(b1*x + c1) + a2*tanh(b2*x + c2) + d",
        {"x": (-4, 4)},
        {"a1": 1.2, "b1": 1.2, "c1": 1.6, "a2": -1.2, "b2": 1.1, "c2": -1.9, "d": 0},
        {"a1": 1.5, "b1": 1.4, "c1": 2.1, "a2": -1.5, "b2": 1.3, "c2": -2.3, "d": 0.2},
        0.3,
        rows=100,
        most=2000,
        wrong={
            "plateau": (
                {"a1": 0, "b1": 0, "c1": 0, "a2": 0, "b2": 0, "c2": 0, "d": 0},
                {"a1": 1, "b1": 1, "c1": 30, "a2": 1, "b2": 1, "c2": -30, "d": 0},
                {"a1": 1, "b1": 0.5, "c1": 15, "a2": -1, "b2": 0.5, "c2": 15, "d": 0},
            )
        },
    ),
    Program(
        "tanh-unit",
        "unseen",
        "y = a*tanh(b*x + c) + d",
        {"x": (-3, 3)},
        {"a": 1, "b": 0.7, "c": 0.4, "d": 0},
        {"a": 2, "b": 1.2, "c": 0.8, "d": 0.5},
        0.3,
        rows=60,
        most=2000,
        wrong={
            "plateau": (
                {"a": 0, "b": 0, "c": 0, "d": 0},
                {"a": 1, "b": 1, "c": 30, "d": 0},
                {"a": 1, "b": 0.5, "c": -15, "d": 1},
            )
        },
        variants={"undetermined": "y = a*h*tanh(b*x + c) + d", "ignored-parameter": "y = a*tanh(b*x + c + u*z) + d"},
    ),
    Program(
        "plane-batches",
        "seen",
        "y = w1*x1 + w2*x2 + b",
        {"x1": (-1, 1), "x2": (-1, 1)},
        {"w1": 0, "w2": 0, "b": 0},
        {"w1": 2, "w2": -1, "b": 0.5},
        0.3,
        rows=100,
        batch=20,
        most=3000,
    ),
    Program(
        "line-batches",
        "unseen",
        "y = w*x + b",
        {"x": (-0.5, 1.5)},
        {"w": 0, "b": 0},
        {"w": -1.5, "b": 2},
        0.3,
        rows=60,
        batch=12,
        most=3000,
    ),
    Program(
        "correlated",
        "seen",
        "y = w1*x1 + w2*x2 + b",
        {"x1": (-1, 1), "x2": ("x1", 0.998)},
        {"w1": 0, "w2": 0, "b": 0},
        {"w1": 3, "w2": -1, "b": 0.5},
        0.1,
        rows=60,
        most=2000,
    ),
    Program(
        "tilted",
        "unseen",
        "y = w1*x1 + w2*x2 + w3*x3",
        {"x1": (-1, 1), "x2": ("x1", 0.999), "x3": (-1, 1)},
        {"w1": 0, "w2": 0, "w3": 0},
        {"w1": 4, "w2": -2, "w3": 1},
        0.1,
        rows=60,
        most=2000,
    ),
    Program(
        "diabetes",
        "seen",
        "y = w1*bmi + w2*bp + w3*s5 + b",
        {"bmi": (), "bp": (), "s5": ()},
        {"w1": 0, "w2": 0, "w3": 0, "b": 0},
        rows=90,
        most=3000,
        table="diabetes",
    ),
    Program(
        "wine",
        "unseen",
        "y = w1*ash + w2*alcalinity + w3*phenols + b",
        {"ash": (), "alcalinity": (), "phenols": ()},
        {"w1": 0, "w2": 0, "w3": 0, "b": 0},
        rows=90,
        most=3000,
        table="wine",
    ),
    Program(
        "log-law",
        "seen",
        "y = a*log(x + c) + d",
        {"x": (0, 10)},
        {"a": 1, "c": 1.5, "d": 0},
        {"a": 2, "c": 1, "d": 1},
        0.3,
        rows=60,
        most=2000,
        wrong={"nonfinite": ({"a": 0.5, "c": 0.3, "d": 4}, {"a": 2, "c": 0.4, "d": 3}, {"a": 3, "c": 0.5, "d": 2})},
        variants={"undetermined": "y = a*log(r*(x + c)) + d", "ignored-parameter": "y = a*log(x + c) + d + u*z"},
    ),
    Program(
        "root-law",
        "unseen",
        "y = a*sqrt(x + c)",
        {"x": (0, 10)},
        {"a": 2, "c": 1.5},
        {"a": 3, "c": 0.8},
        0.4,
        rows=60,
        most=2000,
        wrong={"nonfinite": ({"a": 4, "c": 0.2}, {"a": 5, "c": 0.3}, {"a": 4, "c": 0.6})},
        variants={"undetermined": "y = a*sqrt(r*(x + c))", "ignored-parameter": "y = a*sqrt(x + c) + u*z"},
    ),
    Program(
        "many-columns",
        "seen",
        "y = b + " + " + ".join(f"w{k}*x{k}" for k in range(1, 11)),
        {f"x{k}": (-1, 1) for k in range(1, 11)},
        {f"w{k}": 0 for k in range(1, 11)} | {"b": 0},
        {f"w{k}": 0 for k in range(1, 11)} | {"b": 1, "w1": 0.8},
        1.0,
        rows=60,
        most=3000,
    ),
    Program(
        "harmonics",
        "unseen",
        "y = b + " + " + ".join(f"c{k}*cos({k}*x) + s{k}*sin({k}*x)" for k in range(1, 6)),
        {"x": (0, 6.28)},
        {f"{part}{k}": 0 for part in "cs" for k in range(1, 6)} | {"b": 0},
        {f"{part}{k}": 0 for part in "cs" for k in range(1, 6)} | {"b": 1, "s1": 0.6},
        1.0,
        rows=60,
        most=3000,
    ),
)
