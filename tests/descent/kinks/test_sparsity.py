import numpy as np
import pytest

from downslope.descent.kinks.sparsity import bandwidth, sparsity_covariance

# statsmodels 0.15.0, QuantReg(y, ones).fit(q=level, vcov="iid", kernel="gau", p_tol=1e-12, max_iter=5000)
WAITS = """
1.668 1.337 1.146 1.746 1.109 2.382 1.806 1.629 0.464 0.24 0.507 1.877 1.605 0.369 1.863
0.825 0.826 3.089 1.527 1.75 1.767 0.361 1.826 5.813 0.548 2.528 2.713 2.685 0.938 1.137
0.556 1.426 3.625 0.837 0.191 1.544 2.725 1.235 4.509 1.305 1.516 0.602 1.157 2.66 2.687
3.427 2.539 2.155 0.178 0.754 6.569 0.984 2.388 1.415 2.432 1.567 0.642 0.786 1.928 1.014
"""
GOLDEN = [
    (0.3, 1.0137477642751214, 0.2709227683564719, 1.4409345745247486),
    (0.5, 1.5438433390185056, 0.3003767540728273, 1.5463530744001526),
    (0.8, 2.528038805061225, 0.2723980684068249, 1.4007818716275109),
]


@pytest.mark.parametrize(("level", "at", "error", "width"), GOLDEN)
def test_a_constant_has_the_error_that_statsmodels_gives(level, at, error, width):
    """For a constant the sandwich is the formula for rows of one density."""
    residuals = np.array(WAITS.split(), float) - at
    covariance = sparsity_covariance(np.ones((60, 1)), residuals, np.ones(60), level)
    assert bandwidth(residuals, level) == pytest.approx(width, rel=1e-12)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(error, rel=1e-10)


@pytest.mark.parametrize("level", [0.5, 0.8])
def test_errors_are_the_scatter_of_repeats_also_where_the_noise_grows(level):
    """The noise grows with x, which a single density for all rows would get wrong; the scatter is known in closed
    form: level (1 - level) D⁻¹ (Σ x xᵀ) D⁻¹ with D = Σ density x xᵀ."""
    generator = np.random.default_rng(0)
    x = np.linspace(0, 1, 20_000)
    matrix = np.column_stack([np.ones_like(x), x])
    at = {0.5: 0.0, 0.8: 0.8416212335729143}[level]
    size = 0.5 + x
    residuals = size * (generator.normal(size=x.size) - at)
    density = np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi) / size
    bread = np.linalg.inv((matrix * density[:, None]).T @ matrix)
    true = level * (1 - level) * bread @ (matrix.T @ matrix) @ bread
    covariance = sparsity_covariance(matrix, residuals, np.ones(x.size), level)
    assert np.sqrt(np.diagonal(covariance)) == pytest.approx(np.sqrt(np.diagonal(true)), rel=0.06)


def test_units_and_weights_turn_into_the_errors():
    generator = np.random.default_rng(1)
    matrix, residuals = generator.normal(size=(200, 2)), generator.normal(size=200)
    plain = sparsity_covariance(matrix, residuals, np.ones(200), 0.4)
    scaled = sparsity_covariance(matrix * [1e6, 1e-6], residuals, np.full(200, 7.0), 0.4)
    assert scaled * np.outer([1e6, 1e-6], [1e6, 1e-6]) == pytest.approx(plain, rel=1e-9)
    absent = np.where(np.arange(200) < 150, 1.0, 0.0)
    few = sparsity_covariance(matrix[:150], residuals[:150], np.ones(150), 0.4)
    assert sparsity_covariance(matrix, residuals, absent, 0.4) == pytest.approx(few, rel=1e-12)


@pytest.mark.parametrize("case", ["collinear", "few rows", "no width", "no effect", "level"])
def test_what_cannot_be_told_is_infinite(case):
    generator = np.random.default_rng(2)
    matrix, residuals = generator.normal(size=(50, 2)), generator.normal(size=50)
    match case:
        case "collinear":
            matrix = matrix[:, [0, 0]]
        case "few rows":
            matrix, residuals = matrix[:2], residuals[:2]
        case "no width":
            residuals = np.zeros(50)
        case "no effect":
            matrix = matrix * [1.0, 0.0]
        case "level":
            covariance = sparsity_covariance(matrix, residuals, np.ones(50), 0.999)
            assert np.isfinite(covariance).all() and (np.diagonal(covariance) > 0).all()
            return
    covariance = sparsity_covariance(matrix, residuals, np.ones(residuals.size), 0.5)
    assert np.isinf(np.diagonal(covariance)).all() and np.isnan(covariance[0, 1])
