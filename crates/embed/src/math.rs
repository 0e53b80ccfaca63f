//! Functions of single numbers, of additions and multiplications alone: the compiler makes loops
//! over several numbers at once of them, and they are the same everywhere, as those of the
//! system's library are not.

use ndarray::ArrayViewMut1;

/// `e^x`, to some 2e-7 of it; 0 for what is far below, and no more than `e^88`.
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding this rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    // ln 2 in two parts, the first of which has few bits, so that its product is exact.
    let rest = x - whole * 0.693_359_4 - whole * -2.121_944_4e-4;
    // The series to its seventh term; the rest is at most half of ln 2.
    let mut sum = 1.0 / 5040.0;
    for factor in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * rest + factor;
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    sum * f32::from_bits(exponent << 23)
}

/// The error function, to 2e-7: Abramowitz and Stegun, 7.1.26.
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let mut sum = 1.061_405_4;
    for factor in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + factor;
    }
    (1.0 - sum * t * exp(-size * size)).copysign(x)
}

/// The Gaussian error linear unit.
pub(crate) fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// Its approximation by the hyperbolic tangent.
pub(crate) fn gelu_tanh(x: f32) -> f32 {
    let inner = (2.0 / std::f32::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
    let tanh = 1.0 - 2.0 / (exp(2.0 * inner) + 1.0);
    0.5 * x * (1.0 + tanh)
}

/// Turns scores, times `scale`, into shares of 1.
pub(crate) fn softmax(mut scores: ArrayViewMut1<'_, f32>, scale: f32) {
    let most = scores.iter().fold(f32::NEG_INFINITY, |most, &score| most.max(score));
    scores.iter_mut().for_each(|score| *score = exp((*score - most) * scale));
    let total = scores.sum();
    scores.iter_mut().for_each(|score| *score /= total);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_exact_ones() {
        for at in -8700..=8800_i16 {
            let x = f32::from(at) / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= 3e-7 * exact, "exp {x}");
        }
        assert!(exp(-1000.0) < 1e-37 && exp(1000.0).is_finite());
        // Values of tables.
        for (x, y) in [(0.0, 0.0), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.0, 0.995_322_3)] {
            assert!((erf(x) - y).abs() < 3e-7 && (erf(-x) + y).abs() < 3e-7, "erf {x}");
        }
        for at in -60..=60_i16 {
            let x = f32::from(at) / 10.0;
            assert!((gelu(x) - gelu_tanh(x)).abs() < 1e-3, "gelu {x}");
        }
        assert!((gelu_tanh(1.0) - 0.841_192).abs() < 1e-6);
    }

    #[test]
    fn shares_add_up_to_one() {
        let mut scores = ndarray::array![1.0, 2.0, -1000.0];
        softmax(scores.view_mut(), 0.5);
        let two = 0.5_f32.exp();
        assert!((scores[0] - 1.0 / (1.0 + two)).abs() < 1e-6);
        assert!((scores.sum() - 1.0).abs() < 1e-6 && scores[2] < 1e-30);
    }
}
