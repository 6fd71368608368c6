//! What [`open_enum!`](crate::open_enum), [`closed_enum!`](crate::closed_enum) and [`flags!`](crate::flags) have in
//! common: a number with named values.

use zeroipc_layout::{Scalar, TypeDesc};

use crate::ShmLayout;

/// A number that an enum can be based on.
#[diagnostic::on_unimplemented(
    message = "[ZIPC0106] an enum in shared memory is a whole number of a fixed size, and `{Self}` is none",
    label = "use `u8`, `u16`, `u32`, `u64`, `i8`, `i16`, `i32` or `i64`"
)]
pub trait EnumNumber: ShmLayout {}

/// A number that [`flags!`](crate::flags) can be based on.
#[diagnostic::on_unimplemented(
    message = "[ZIPC0106] flags in shared memory are the bits of an unsigned number of a fixed size, and `{Self}` is none",
    label = "use `u8`, `u16`, `u32` or `u64`"
)]
pub trait FlagNumber: EnumNumber {}

macro_rules! numbers {
    ($kind:ident: $($number:ty),*) => {$(impl $kind for $number {})*};
}

numbers!(EnumNumber: u8, u16, u32, u64, i8, i16, i32, i64);
numbers!(FlagNumber: u8, u16, u32, u64);

/// The number's type as an enum's description holds it.
pub const fn enum_scalar<T: EnumNumber>() -> Scalar {
    match T::DESC {
        TypeDesc::Scalar(scalar) => *scalar,
        _ => panic!("an enum is based on a number"),
    }
}

/// The number's type as the description of flags holds it.
pub const fn flag_scalar<T: FlagNumber>() -> Scalar {
    enum_scalar::<T>()
}

/// A name as the source spells it, without the `r#` of one that is a keyword of Rust.
pub const fn plain_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// The struct around the number, its constants, its description and what leads to and from the number.
#[doc(hidden)]
#[macro_export]
macro_rules! __named_number {
    (
        $flavour:ident $scalar:ident ($($field_vis:tt)*)
        $(#[$meta:meta])*
        $vis:vis $name:ident: $repr:ty {
            $( $(#[$value_meta:meta])* $value:ident $(as $recorded:literal)? = $number:expr ),*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        $vis struct $name(
            /// The number.
            $($field_vis)* $repr,
        );

        #[allow(dead_code, deprecated)]
        impl $name {
            $(
                $(#[$value_meta])*
                pub const $value: $name = $name($number);
            )*

            /// The named values as declared.
            pub const VALUES: &'static [$name] = &[$($name::$value),*];

            /// The name of the value, or `None` for a number without a name.
            pub const fn name(self) -> ::core::option::Option<&'static str> {
                $(
                    if self.0 == $name::$value.0 {
                        return ::core::option::Option::Some($crate::__private::plain_name(::core::stringify!($value)));
                    }
                )*
                ::core::option::Option::None
            }
        }

        #[allow(deprecated)]
        impl ::core::convert::From<$repr> for $name {
            fn from(number: $repr) -> $name {
                $name(number)
            }
        }

        #[allow(deprecated)]
        impl ::core::convert::From<$name> for $repr {
            fn from(value: $name) -> $repr {
                value.0
            }
        }

        // SAFETY: it is a whole number, for which all bytes, zero too, are valid.
        #[allow(deprecated)]
        unsafe impl $crate::__private::bytemuck::Zeroable for $name {}
        // SAFETY: as above, without padding, and it is `Copy`, `'static` and `repr(transparent)`.
        #[allow(deprecated)]
        unsafe impl $crate::__private::bytemuck::Pod for $name {}
        // SAFETY: the description is that of the number, with names for some of its values.
        #[allow(clippy::init_numbered_fields, deprecated)]
        unsafe impl $crate::ShmLayout for $name {
            const DESC: &'static $crate::__private::TypeDesc<'static> =
                // With a brace, the references live as long as the constant on every compiler that we support.
                &$crate::__private::TypeDesc::Enum { 0: &$crate::__private::EnumDesc {
                    name: $crate::__private::plain_name(::core::stringify!($name)),
                    repr: $crate::__private::$scalar::<$repr>(),
                    flavour: $crate::__private::Flavour::$flavour,
                    values: &[$($crate::__private::EnumValue {
                        name: $crate::__recorded_name!($value $($recorded)?),
                        value: $name::$value.0 as i64,
                    }),*],
                } };
        }

        #[allow(deprecated)]
        const _: () = $crate::__private::check_type::<$name>(::core::stringify!($name));

        #[allow(deprecated)]
        const _: () = {
            $crate::__private::inventory::submit! {
                $crate::__private::Registered(<$name as $crate::ShmLayout>::DESC)
            }
        };
    };
}

/// The name of a value in a segment: that behind `as`, or else its own.
#[doc(hidden)]
#[macro_export]
macro_rules! __recorded_name {
    ($value:ident) => {
        $crate::__private::plain_name(::core::stringify!($value))
    };
    ($value:ident $recorded:literal) => {
        $recorded
    };
}

/// `Debug` of an enum: the name, or the type's name and the number.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug_enum {
    ($name:ident) => {
        #[allow(deprecated)]
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self.name() {
                    ::core::option::Option::Some(name) => f.write_str(name),
                    ::core::option::Option::None => f.debug_tuple(::core::stringify!($name)).field(&self.0).finish(),
                }
            }
        }
    };
}
