//! What may live in a segment: the trait that a shareable type implements.

use bytemuck::Pod;
use zeroipc_layout::{Scalar, TypeDesc, fingerprint};

use crate::__private::check_type;

/// A type whose bytes mean the same in every process and language.
///
/// It is implemented for `u8` to `u64`, `i8` to `i64`, `f32`, `f64`, [`F16`](crate::F16), [`Complex`](crate::Complex) of `f32` and
/// `f64`, [`Bool8`](crate::Bool8), [`FixedStr`](crate::FixedStr), what [`open_enum!`](crate::open_enum),
/// [`closed_enum!`](crate::closed_enum), [`flags!`](crate::flags) and [`variant!`](crate::variant) define, and arrays of all of these with at
/// least one element. For a struct of your own, derive it: the derive checks that no byte of the struct is padding, and says
/// where one is.
///
/// # Safety
/// * [`DESC`](ShmLayout::DESC) describes the type exactly: its size, its alignment, and at every offset that it
///   mentions a field of the type that it mentions. (Size and alignment are also checked when a fingerprint is used.)
/// * Every byte of `DESC` means the same in each process: no pointer, no handle, no index into private memory.
/// * The fingerprints are those of `DESC`, so the provided values stay.
/// * The type has alignment 4,096 or less, and its size is not zero.
///
/// # Examples
/// ```
/// use zeroipc::ShmLayout;
///
/// #[derive(Clone, Copy, ShmLayout)]
/// #[repr(C)]
/// struct Fix {
///     #[shm(unit = "deg")]
///     lat: f64,
///     #[shm(unit = "deg")]
///     lon: f64,
///     #[shm(unit = "m")]
///     alt: f32,
///     satellites: u16,
///     _pad_22: [u8; 2],
/// }
///
/// assert_eq!(Fix::DESC.size(), 24);
/// assert_ne!(Fix::LAYOUT_FINGERPRINT, <[f64; 3]>::LAYOUT_FINGERPRINT);
/// ```
#[diagnostic::on_unimplemented(
    message = "[ZIPC0107] `{Self}` cannot be shared between processes",
    label = "this type has no layout that other processes and languages agree on",
    note = "for a struct of your own: `#[derive(Clone, Copy, zeroipc::ShmLayout)]` and `#[repr(C)]`; for an enum: `zeroipc::open_enum!` or `zeroipc::closed_enum!`",
    note = "shareable are u8..u64, i8..i64, f32, f64, `F16`, `Complex<f32>`, `Complex<f64>`, `Bool8`, `FixedStr<N>`, and arrays and structs of these"
)]
pub unsafe trait ShmLayout: Pod {
    /// What the type looks like.
    const DESC: &'static TypeDesc<'static>;
    /// Fingerprint of the bytes: sizes, offsets, element kinds, counts. Two types with the same one can be read as
    /// each other.
    const LAYOUT_FINGERPRINT: u64 = {
        check_type::<Self>("the type");
        fingerprint::layout(Self::DESC)
    };
    /// Fingerprint of the bytes and of what they mean: also names of fields, units and values of enums.
    const SCHEMA_FINGERPRINT: u64 = {
        check_type::<Self>("the type");
        fingerprint::schema(Self::DESC)
    };
}

macro_rules! scalars {
    ($($number:ident $scalar:ident),*) => {$(
        // SAFETY: the scalar has the number's size, its alignment and its meaning.
        unsafe impl ShmLayout for $number {
            const DESC: &'static TypeDesc<'static> = &TypeDesc::Scalar(Scalar::$scalar);
        }
        const _: () = check_type::<$number>(stringify!($number));
    )*};
}

scalars!(u8 U8, u16 U16, u32 U32, u64 U64, i8 I8, i16 I16, i32 I32, i64 I64, f32 F32, f64 F64);

// SAFETY: an array is its elements one behind the other, and `T::DESC` describes each.
unsafe impl<T: ShmLayout, const N: usize> ShmLayout for [T; N] {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Array { count: crate::__private::count(N), elem: T::DESC };
}
