//! IEEE binary16, for languages that have no such type and so write its bits.

/// The bits of the half-precision number nearest to `value`, of two equally near ones that with an even last bit.
///
/// The step from `f64` is one rounding: by way of `f32` there would be two, and sometimes another result.
pub(crate) fn bits(value: f64) -> u16 {
    const LARGEST_EXPONENT: i32 = 15;
    let bits = value.to_bits();
    let sign = ((bits >> 48) & 0x8000) as u16;
    if value.is_nan() {
        return sign | 0x7E00;
    }
    let exponent = ((bits >> 52) & 0x7FF) as i32 - 1023;
    if exponent > LARGEST_EXPONENT {
        return sign | 0x7C00;
    }
    if exponent < -25 {
        return sign;
    }
    let fraction = (bits & ((1 << 52) - 1)) | 1 << 52;
    // Below 2^-14 the exponent stays, and digits are lost.
    let dropped = 42 + (-14 - exponent).max(0) as u32;
    let (kept, rest, half) = ((fraction >> dropped) as u16, fraction & ((1 << dropped) - 1), 1u64 << (dropped - 1));
    let up = u16::from(rest > half || (rest == half && kept & 1 == 1));
    // The fraction's first bit is the lowest of the exponent, and a carry out of the fraction is right there too.
    let base = if exponent < -14 { 0 } else { ((exponent + 14) as u16) << 10 };
    sign | (base + kept + up)
}

/// The number that [`bits`] are for.
pub(crate) fn rounded(value: f64) -> f64 {
    let bits = bits(value);
    let (exponent, fraction) = ((bits >> 10) & 0x1F, f64::from(bits & 0x3FF));
    let magnitude = match exponent {
        0x1F if fraction == 0.0 => f64::INFINITY,
        0x1F => f64::NAN,
        0 => fraction * f64::powi(2.0, -24),
        _ => (fraction + 1024.0) * f64::powi(2.0, i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::{bits, rounded};

    #[test]
    fn bits_lead_back() {
        for (value, nearest) in [
            (0.1, 0.0999755859375),
            (1.0 / 3.0, 0.333251953125),
            (65_504.0, 65_504.0),
            (2049.0, 2048.0),
            (2051.0, 2052.0),
            (-6e-8, -5.960464477539063e-8),
            (1e-8, 0.0),
            (f64::NEG_INFINITY, f64::NEG_INFINITY),
        ] {
            assert_eq!(rounded(value), nearest, "{value}");
        }
        assert!(rounded(f64::NAN).is_nan());
        assert!((0..0x7C00).all(|number| bits(rounded_bits(number)) == number));
    }

    /// The number with these bits, as the definition has it.
    fn rounded_bits(bits: u16) -> f64 {
        let fraction = f64::from(bits & 0x3FF) / 1024.0;
        match bits >> 10 {
            0 => fraction * f64::powi(2.0, -14),
            exponent => (1.0 + fraction) * f64::powi(2.0, i32::from(exponent) - 15),
        }
    }

    #[test]
    fn numbers_are_rounded_to_even() {
        let known = [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3C00),
            (-2.0, 0xC000),
            (0.5, 0x3800),
            (65_504.0, 0x7BFF),
            (65_519.9, 0x7BFF),
            (65_520.0, 0x7C00),
            (1e300, 0x7C00),
            (f64::NEG_INFINITY, 0xFC00),
            (0.1, 0x2E66),
            (2049.0, 0x6800),
            (2051.0, 0x6802),
            (6.103_515_625e-5, 0x0400),
            (5.960_464_477_539_063e-8, 0x0001),
            (2.980_232_238_769_531_3e-8, 0x0000),
            (3e-8, 0x0001),
            (1e-300, 0x0000),
        ];
        for (value, expected) in known {
            assert_eq!(bits(value), expected, "{value}");
        }
        assert_eq!(bits(f64::NAN) & 0x7C00, 0x7C00);
        assert_ne!(bits(f64::NAN) & 0x03FF, 0);
    }

    #[test]
    fn one_rounding_is_not_two() {
        // Just above the middle of two: by way of `f32` it becomes the middle, and then goes down.
        assert_eq!(bits(1.0 + 2f64.powi(-11) + 2f64.powi(-40)), 0x3C01);
    }
}
