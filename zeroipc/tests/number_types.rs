//! Half-precision and complex numbers: every bit pattern, and what they are in memory.

use zeroipc::{Complex, F16, ShmLayout};
use zeroipc_layout::{Scalar, TypeDesc};

/// What the bits mean by the definition of binary16.
fn meaning(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

#[test]
fn every_half_is_the_number_that_its_bits_mean() {
    for bits in 0..=u16::MAX {
        let (half, expected) = (F16::from_bits(bits), meaning(bits));
        assert_eq!(half.is_nan(), expected.is_nan(), "{bits:#06x}");
        if !expected.is_nan() {
            assert_eq!(f64::from(half).to_bits(), expected.to_bits(), "{bits:#06x}");
        }
        assert_eq!(half.to_f32().is_sign_negative(), bits & 0x8000 != 0, "{bits:#06x}");
    }
}

#[test]
fn every_half_comes_back_from_f32() {
    for bits in 0..=u16::MAX {
        let half = F16::from_bits(bits);
        // A signalling NaN becomes a quiet one, and its other bits stay.
        let expected = if half.is_nan() { bits | 0x200 } else { bits };
        assert_eq!(F16::from_f32(half.to_f32()).to_bits(), expected, "{bits:#06x}");
        assert_eq!(half == half, !half.is_nan());
    }
}

#[test]
fn what_lies_between_two_halves_goes_to_the_nearer_and_to_the_even() {
    for bits in 0..F16::MAX.to_bits() {
        let (low, high) = (F16::from_bits(bits), F16::from_bits(bits + 1));
        let middle = (low.to_f32() + high.to_f32()) / 2.0;
        let even = if bits & 1 == 0 { low } else { high };
        for (value, expected) in [(middle, even), (middle.next_down(), low), (middle.next_up(), high)] {
            assert_eq!(F16::from_f32(value).to_bits(), expected.to_bits(), "{value} above {bits:#06x}");
            assert_eq!(F16::from_f32(-value).to_bits(), expected.to_bits() | 0x8000, "-{value} below {bits:#06x}");
        }
        assert!(low < high && F16::from_f32(-high.to_f32()) < low);
    }
}

#[test]
fn what_is_too_large_is_infinite_and_what_is_too_small_is_zero() {
    // 65,520 lies halfway to the number that comes after the largest.
    let cases = [
        (65519.996, 0x7bff),
        (65520.0, 0x7c00),
        (f32::MAX, 0x7c00),
        (f32::INFINITY, 0x7c00),
        (f32::MIN_POSITIVE, 0),
        (2_f32.powi(-25), 0),
        (2_f32.powi(-25).next_up(), 1),
        (f32::from_bits(1), 0),
        (0.0, 0),
    ];
    for (value, bits) in cases {
        assert_eq!(F16::from_f32(value).to_bits(), bits, "{value}");
        assert_eq!(F16::from_f32(-value).to_bits(), bits | 0x8000, "-{value}");
    }
    assert!(
        F16::from_f32(f32::NAN).is_nan() && F16::from_f32(f32::from_bits(0x7f80_0001)).is_nan() && F16::NAN.is_nan()
    );
}

#[test]
fn halves_are_shown_and_compared_as_numbers() {
    assert_eq!(format!("{:?} {} {:.3}", F16::from_f32(1.0), F16::from_f32(1.5), F16::from_f32(-0.5)), "1.0 1.5 -0.500");
    assert_eq!(format!("{} {}", F16::INFINITY, F16::NAN), "inf NaN");
    assert_eq!(F16::from_f32(-0.0), F16::default());
    assert!(F16::MAX < F16::INFINITY && F16::NAN.partial_cmp(&F16::MAX).is_none());
    assert!((i8::MIN..=i8::MAX).all(|n| f32::from(F16::from(n)) == f32::from(n)));
    assert!((u8::MIN..=u8::MAX).all(|n| f32::from(F16::from(n)) == f32::from(n)));
}

#[test]
fn complex_numbers_are_two_parts_side_by_side() {
    let z = Complex::new(1.0_f32, -2.0);
    assert_eq!(bytemuck::bytes_of(&z), [1.0_f32.to_ne_bytes(), (-2.0_f32).to_ne_bytes()].concat());
    assert_eq!(bytemuck::cast::<[f64; 2], Complex<f64>>([3.0, 4.0]), Complex::new(3.0, 4.0));
    assert_eq!((size_of::<Complex<f64>>(), align_of::<Complex<f64>>()), (16, 8));
    assert_eq!(<[Complex<f32>; 3]>::DESC.size(), 24);
    assert_eq!(<[Complex<f32>; 3]>::DESC.align(), 4);
}

#[test]
fn complex_numbers_are_calculated_with() {
    let (a, b) = (Complex::new(1.0, 2.0), Complex::new(3.0, -4.0));
    assert_eq!(a + b, Complex::new(4.0, -2.0));
    assert_eq!(a - b, Complex::new(-2.0, 6.0));
    assert_eq!(a * b, Complex::new(11.0, 2.0));
    assert_eq!(-a + Complex::from(1.0), Complex::new(0.0, -2.0));
    assert_eq!(Complex::<f64>::default(), Complex::new(0.0, 0.0));
}

#[test]
fn complex_numbers_are_shown_with_both_signs() {
    assert_eq!(format!("{} {:?}", Complex::new(1.5_f32, 2.0), Complex::new(1.0_f64, -2.0)), "1.5+2i 1.0-2.0i");
    assert_eq!(format!("{:?}", Complex::new(f32::NAN, -f32::NAN)), "NaN+NaNi");
    assert_eq!(format!("{:?}", Complex::new(-0.0, -0.0)), "-0.0-0.0i");
    assert_eq!(format!("{:.1}", Complex::new(f64::INFINITY, f64::NEG_INFINITY)), "inf-infi");
}

#[test]
fn their_descriptions_and_fingerprints_are_those_of_the_vectors() {
    assert_eq!(F16::DESC, &TypeDesc::Scalar(Scalar::F16));
    assert_eq!(F16::SCHEMA_FINGERPRINT, 0x0d37_9a7b_b560_d710);
    assert_eq!(Complex::<f32>::SCHEMA_FINGERPRINT, 0x1dd1_6978_d611_651d);
    assert_eq!(Complex::<f64>::LAYOUT_FINGERPRINT, 0x244b_c4c6_b5e7_e8ff);
}
