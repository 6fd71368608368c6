//! The element types of the format.

/// A fixed-width element type. The discriminant is its code in a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Scalar {
    /// Unsigned, 1 byte.
    U8 = 1,
    /// Unsigned, 2 bytes.
    U16 = 2,
    /// Unsigned, 4 bytes.
    U32 = 3,
    /// Unsigned, 8 bytes.
    U64 = 4,
    /// Signed, 1 byte.
    I8 = 5,
    /// Signed, 2 bytes.
    I16 = 6,
    /// Signed, 4 bytes.
    I32 = 7,
    /// Signed, 8 bytes.
    I64 = 8,
    /// IEEE 754 binary32.
    F32 = 9,
    /// IEEE 754 binary64.
    F64 = 10,
    /// A truth value in one byte: 0 is false, everything else is true.
    Bool8 = 11,
    /// IEEE 754 binary16.
    F16 = 12,
    /// Two IEEE 754 binary32: the real part, then the imaginary one.
    Complex64 = 13,
    /// Two IEEE 754 binary64: the real part, then the imaginary one.
    Complex128 = 14,
}

impl Scalar {
    /// Every scalar, in the order of the codes.
    pub const ALL: [Scalar; 14] = [
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::F32,
        Scalar::F64,
        Scalar::Bool8,
        Scalar::F16,
        Scalar::Complex64,
        Scalar::Complex128,
    ];

    /// The scalar with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Scalar> {
        if code == 0 || code as usize > Scalar::ALL.len() {
            return None;
        }
        Some(Scalar::ALL[code as usize - 1])
    }

    /// The scalar with this canonical name, if there is one.
    pub fn from_name(name: &str) -> Option<Scalar> {
        Scalar::ALL.into_iter().find(|scalar| scalar.name() == name)
    }

    /// The code in a description.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The canonical name, which enters fingerprints and is the spelling in `.zipc` files.
    pub const fn name(self) -> &'static str {
        match self {
            Scalar::U8 => "u8",
            Scalar::U16 => "u16",
            Scalar::U32 => "u32",
            Scalar::U64 => "u64",
            Scalar::I8 => "i8",
            Scalar::I16 => "i16",
            Scalar::I32 => "i32",
            Scalar::I64 => "i64",
            Scalar::F32 => "f32",
            Scalar::F64 => "f64",
            Scalar::Bool8 => "bool8",
            Scalar::F16 => "f16",
            Scalar::Complex64 => "complex64",
            Scalar::Complex128 => "complex128",
        }
    }

    /// Size in bytes, the same on every target.
    pub const fn size(self) -> u32 {
        match self {
            Scalar::U8 | Scalar::I8 | Scalar::Bool8 => 1,
            Scalar::U16 | Scalar::I16 | Scalar::F16 => 2,
            Scalar::U32 | Scalar::I32 | Scalar::F32 => 4,
            Scalar::U64 | Scalar::I64 | Scalar::F64 | Scalar::Complex64 => 8,
            Scalar::Complex128 => 16,
        }
    }

    /// Alignment in bytes, the same on every target: the size, or for a complex number that of one of its parts.
    pub const fn align(self) -> u32 {
        match self {
            Scalar::Complex64 | Scalar::Complex128 => self.size() / 2,
            _ => self.size(),
        }
    }

    /// Whether this is a whole number, so that an enum may use it.
    pub const fn is_integer(self) -> bool {
        matches!(
            self,
            Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 | Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64
        )
    }

    /// Whether negative values can be represented.
    pub const fn is_signed(self) -> bool {
        !matches!(self, Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 | Scalar::Bool8)
    }

    /// Whether a whole number of this type can be `value`, as an enum stores it: `u64` above `i64::MAX` as its two's
    /// complement.
    pub const fn holds(self, value: i64) -> bool {
        match self {
            Scalar::U8 => 0 <= value && value <= u8::MAX as i64,
            Scalar::U16 => 0 <= value && value <= u16::MAX as i64,
            Scalar::U32 => 0 <= value && value <= u32::MAX as i64,
            Scalar::I8 => i8::MIN as i64 <= value && value <= i8::MAX as i64,
            Scalar::I16 => i16::MIN as i64 <= value && value <= i16::MAX as i64,
            Scalar::I32 => i32::MIN as i64 <= value && value <= i32::MAX as i64,
            Scalar::U64 | Scalar::I64 => true,
            Scalar::F16 | Scalar::F32 | Scalar::F64 | Scalar::Bool8 | Scalar::Complex64 | Scalar::Complex128 => false,
        }
    }

    /// Whether `a` comes before `b` among the stored values of an enum on this type.
    pub const fn less(self, a: i64, b: i64) -> bool {
        if self.is_signed() { a < b } else { (a as u64) < (b as u64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_order_are_those_of_the_number() {
        assert!(Scalar::U8.holds(255) && !Scalar::U8.holds(256) && !Scalar::U8.holds(-1));
        assert!(Scalar::I16.holds(-0x8000) && !Scalar::I16.holds(0x8000));
        assert!(Scalar::U64.holds(-1) && !Scalar::F64.holds(0) && !Scalar::Bool8.holds(0));
        assert!(Scalar::I64.less(-1, 0) && Scalar::U64.less(0, -1));
    }

    #[test]
    fn only_complex_numbers_are_aligned_to_less_than_their_size() {
        for scalar in Scalar::ALL {
            let parts = if scalar.name().starts_with("complex") { 2 } else { 1 };
            assert_eq!(scalar.align() * parts, scalar.size(), "{}", scalar.name());
        }
        assert_eq!((Scalar::Complex128.size(), Scalar::Complex128.align()), (16, 8));
        assert!(!Scalar::F16.is_integer() && !Scalar::Complex64.is_integer());
    }

    #[test]
    fn codes_and_names_lead_back() {
        for scalar in Scalar::ALL {
            assert_eq!(Scalar::from_code(scalar.code()), Some(scalar));
            assert_eq!(Scalar::from_name(scalar.name()), Some(scalar));
        }
        assert_eq!(Scalar::from_code(0), None);
        assert_eq!(Scalar::from_code(15), None);
        assert_eq!(Scalar::from_name("usize"), None);
    }
}
