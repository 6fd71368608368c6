//! A number with a real and an imaginary part.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use bytemuck::{Pod, Zeroable};
use zeroipc_layout::{Scalar, TypeDesc};

use crate::ShmLayout;

/// A complex number: the real part and behind it the imaginary one, as in C and NumPy.
///
/// Of `f32` and `f64` it can be shared. It is a number to store and to pass on, with the operations that need no
/// decision about precision; a library for complex numbers converts from and to the two parts.
///
/// # Examples
/// ```
/// use zeroipc::Complex;
///
/// let (a, b) = (Complex::new(1.0, 2.0), Complex { re: 0.0, im: -1.0 });
/// assert_eq!(a * b, Complex::new(2.0, -1.0));
/// assert_eq!(format!("{} {:?}", a - b, -a), "1+3i -1.0-2.0i");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Complex<T> {
    /// The real part.
    pub re: T,
    /// The imaginary part.
    pub im: T,
}

impl<T> Complex<T> {
    /// A number by its parts.
    pub const fn new(re: T, im: T) -> Complex<T> {
        Complex { re, im }
    }
}

// SAFETY: both parts may be zero.
unsafe impl<T: Zeroable> Zeroable for Complex<T> {}
// SAFETY: two parts of one type lie side by side without padding, and each is valid with any bytes.
unsafe impl<T: Pod> Pod for Complex<T> {}
// SAFETY: the scalar is two `f32`, in this order and with their alignment.
unsafe impl ShmLayout for Complex<f32> {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Scalar(Scalar::Complex64);
}
// SAFETY: the scalar is two `f64`, in this order and with their alignment.
unsafe impl ShmLayout for Complex<f64> {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Scalar(Scalar::Complex128);
}

impl<T> From<T> for Complex<T>
where
    T: Default,
{
    fn from(re: T) -> Complex<T> {
        Complex { re, im: T::default() }
    }
}

impl<T: Add<Output = T>> Add for Complex<T> {
    type Output = Complex<T>;

    fn add(self, other: Complex<T>) -> Complex<T> {
        Complex { re: self.re + other.re, im: self.im + other.im }
    }
}

impl<T: Sub<Output = T>> Sub for Complex<T> {
    type Output = Complex<T>;

    fn sub(self, other: Complex<T>) -> Complex<T> {
        Complex { re: self.re - other.re, im: self.im - other.im }
    }
}

impl<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>> Mul for Complex<T> {
    type Output = Complex<T>;

    fn mul(self, other: Complex<T>) -> Complex<T> {
        Complex { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

impl<T: Neg<Output = T>> Neg for Complex<T> {
    type Output = Complex<T>;

    fn neg(self) -> Complex<T> {
        Complex { re: -self.re, im: -self.im }
    }
}

macro_rules! shown {
    ($($part:ident)*) => {$(
        impl fmt::Debug for Complex<$part> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.re, f)?;
                f.write_str(sign(self.im.is_sign_negative(), self.im.is_nan()))?;
                fmt::Debug::fmt(&self.im.abs(), f)?;
                f.write_str("i")
            }
        }

        impl fmt::Display for Complex<$part> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.re, f)?;
                f.write_str(sign(self.im.is_sign_negative(), self.im.is_nan()))?;
                fmt::Display::fmt(&self.im.abs(), f)?;
                f.write_str("i")
            }
        }
    )*};
}

shown!(f32 f64);

/// What stands between the parts; NaN has a sign that nobody shows.
fn sign(is_negative: bool, is_nan: bool) -> &'static str {
    if is_negative && !is_nan { "-" } else { "+" }
}
