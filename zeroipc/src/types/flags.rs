//! Named bits of a number.

use std::fmt;

/// Defines flags that can be shared: an unsigned number whose bits have names.
///
/// The values are bits and, where that is useful, combinations of them. Other bits may be set, by a newer program or by a
/// faulty one, and are kept by every operation; `!` knows no names either, and turns over each bit of the number. Bits can
/// be named later without disturbing programs that do not know them; a name or a bit that moves is refused when a
/// segment is opened.
///
/// The type has: the constants; `VALUES`, all of them as declared; `bits()` and `from_bits()`, and `From` the number and
/// back; `empty()`, `is_empty()`, `contains()`, `intersects()`; the operators `|`, `&`, `^`, `-`, `!`, `|=` and `-=`; `name()` of
/// exactly this value; `Debug`, which prints `READ | WRITE | 0x10`; `Clone`, `Copy`, `PartialEq`, `Eq`, `PartialOrd`, `Ord` and
/// `Hash` by the number; `Default`, which is empty, as in fresh shared memory; and
/// [`ShmLayout`](trait@crate::ShmLayout). A flag that is renamed keeps its name in segments behind `as`, as in
/// [`open_enum!`](crate::open_enum).
///
/// # Examples
/// ```
/// zeroipc::flags! {
///     /// What a client may do.
///     pub flags Caps: u32 {
///         /// Look at values.
///         READ = 1 << 0,
///         /// Change values.
///         WRITE = 1 << 1,
///         /// Both.
///         ALL = 0b11,
///     }
/// }
///
/// let mut caps = Caps::READ | Caps::from_bits(0x10);
/// assert_eq!(format!("{caps:?}"), "READ | 0x10");
/// caps |= Caps::WRITE;
/// assert!(caps.contains(Caps::ALL) && caps.intersects(Caps::WRITE));
/// caps -= Caps::ALL;
/// assert_eq!(caps.bits(), 0x10);
/// assert_eq!(!Caps::empty() & Caps::ALL, Caps::ALL);
/// ```
#[macro_export]
macro_rules! flags {
    ($(
        $(#[$meta:meta])*
        $vis:vis flags $name:ident: $repr:ty {
            $( $(#[$value_meta:meta])* $value:ident $(as $recorded:literal)? = $number:expr ),* $(,)?
        }
    )+) => {$(
        $crate::__named_number! {
            Flags flag_scalar ()
            $(#[$meta])*
            $vis $name: $repr {
                $( $(#[$value_meta])* $value $(as $recorded)? = $number ),*
            }
        }

        #[allow(dead_code, deprecated)]
        impl $name {
            /// The number.
            pub const fn bits(self) -> $repr {
                self.0
            }

            /// The flags of a number; bits without a name are kept.
            pub const fn from_bits(bits: $repr) -> $name {
                $name(bits)
            }

            /// No flag at all.
            pub const fn empty() -> $name {
                $name(0)
            }

            /// Whether no bit is set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether every bit of `other` is set; so it is where `other` is empty.
            pub const fn contains(self, other: $name) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether a bit of `other` is set.
            pub const fn intersects(self, other: $name) -> bool {
                self.0 & other.0 != 0
            }
        }

        $crate::__flag_operators! { $name
            BitOr bitor |a, b| a | b, "The bits of either.";
            BitAnd bitand |a, b| a & b, "The bits of both.";
            BitXor bitxor |a, b| a ^ b, "The bits of one of the two.";
            Sub sub |a, b| a & !b, "The bits that the other has not."
        }

        #[allow(deprecated)]
        impl ::core::ops::Not for $name {
            type Output = $name;

            /// Every bit turned over, within the number.
            fn not(self) -> $name {
                $name(!self.0)
            }
        }

        #[allow(deprecated)]
        impl ::core::ops::BitOrAssign for $name {
            fn bitor_assign(&mut self, other: $name) {
                *self = *self | other;
            }
        }

        #[allow(deprecated)]
        impl ::core::ops::SubAssign for $name {
            fn sub_assign(&mut self, other: $name) {
                *self = *self - other;
            }
        }

        #[allow(deprecated)]
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::__private::fmt_flags(f, self.0 as u64, &[$(
                    ($name::$value.0 as u64, $crate::__private::plain_name(::core::stringify!($value))),
                )*])
            }
        }
    )+};
}

/// The operators that combine two values.
#[doc(hidden)]
#[macro_export]
macro_rules! __flag_operators {
    ($name:ident $($operator:ident $method:ident |$a:ident, $b:ident| $bits:expr, $doc:literal);*) => {$(
        #[allow(deprecated)]
        impl ::core::ops::$operator for $name {
            type Output = $name;

            #[doc = $doc]
            fn $method(self, other: $name) -> $name {
                let ($a, $b) = (self.0, other.0);
                $name($bits)
            }
        }
    )*};
}

/// Writes the named bits that are set, each value that adds a bit to those before it, and the rest as a number.
pub fn fmt_flags(f: &mut fmt::Formatter<'_>, bits: u64, values: &[(u64, &str)]) -> fmt::Result {
    let (mut left, mut before) = (bits, "");
    for (value, name) in values {
        if bits & value == *value && left & value != 0 {
            write!(f, "{before}{name}")?;
            (left, before) = (left & !value, " | ");
        }
    }
    if left != 0 {
        return write!(f, "{before}{left:#x}");
    }
    match values.iter().find(|(value, _)| *value == 0) {
        _ if bits != 0 => Ok(()),
        Some((_, name)) => f.write_str(name),
        None => f.write_str("0x0"),
    }
}
