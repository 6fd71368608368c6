//! Named values of a number, where other values may occur.

use zeroipc_layout::{Scalar, TypeDesc};

use crate::ShmLayout;

/// A number that [`open_enum!`](crate::open_enum) can be based on.
#[diagnostic::on_unimplemented(
    message = "[ZIPC0106] an enum in shared memory is a whole number of a fixed size, and `{Self}` is none",
    label = "use `u8`, `u16`, `u32`, `u64`, `i8`, `i16`, `i32` or `i64`"
)]
pub trait EnumNumber: ShmLayout {}

macro_rules! enum_numbers {
    ($($number:ty),*) => {$(impl EnumNumber for $number {})*};
}

enum_numbers!(u8, u16, u32, u64, i8, i16, i32, i64);

/// The number's type as an enum's description holds it.
pub const fn enum_scalar<T: EnumNumber>() -> Scalar {
    match T::DESC {
        TypeDesc::Scalar(scalar) => *scalar,
        _ => panic!("an enum is based on a number"),
    }
}

/// Defines an enum that can be shared: a number with named values.
///
/// A Rust `enum` with a value that it does not name is undefined behaviour, and another process may write any number.
/// So this is a struct around the number with a constant for each name, and a `match` on it needs a `_` arm. Values
/// can be added later without disturbing programs that do not know them; a name or a number that moves is refused when
/// a segment is opened.
///
/// The type has: the constants; `VALUES`, all of them as declared; `name()`; the number as the public field `0` and by
/// `From` in both directions; `Debug`, which prints the name or `Mode(7)`; `Clone`, `Copy`, `PartialEq`, `Eq`, `PartialOrd`,
/// `Ord` and `Hash` by the number; `Default`, which is the number 0, as in fresh shared memory; and
/// [`ShmLayout`](trait@crate::ShmLayout).
///
/// # Examples
/// ```
/// zeroipc::open_enum! {
///     /// What the robot does.
///     pub enum Mode: u8 {
///         /// Waits for work.
///         IDLE = 0,
///         /// Drives.
///         RUN = 1,
///     }
/// }
///
/// fn may_move(mode: Mode) -> bool {
///     match mode {
///         Mode::IDLE => false,
///         Mode::RUN => true,
///         _ => false,
///     }
/// }
///
/// assert_eq!(Mode::RUN.name(), Some("RUN"));
/// assert_eq!(format!("{:?} {:?}", Mode::RUN, Mode(7)), "RUN Mode(7)");
/// assert_eq!(Mode::VALUES, [Mode::IDLE, Mode::RUN]);
/// assert_eq!(u8::from(Mode::RUN), 1);
/// assert!(!may_move(Mode::from(7)));
/// ```
#[macro_export]
macro_rules! open_enum {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $repr:ty {
            $( $(#[$value_meta:meta])* $value:ident = $number:expr ),* $(,)?
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        $vis struct $name(
            /// The number.
            pub $repr,
        );

        #[allow(dead_code)]
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
                        return ::core::option::Option::Some(::core::stringify!($value));
                    }
                )*
                ::core::option::Option::None
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self.name() {
                    ::core::option::Option::Some(name) => f.write_str(name),
                    ::core::option::Option::None => {
                        f.debug_tuple(::core::stringify!($name)).field(&self.0).finish()
                    }
                }
            }
        }

        impl ::core::convert::From<$repr> for $name {
            fn from(number: $repr) -> $name {
                $name(number)
            }
        }

        impl ::core::convert::From<$name> for $repr {
            fn from(value: $name) -> $repr {
                value.0
            }
        }

        // SAFETY: it is a whole number, for which all bytes, zero too, are valid.
        unsafe impl $crate::__private::bytemuck::Zeroable for $name {}
        // SAFETY: as above, without padding, and it is `Copy`, `'static` and `repr(transparent)`.
        unsafe impl $crate::__private::bytemuck::Pod for $name {}
        // SAFETY: the description is that of the number, with names for some of its values.
        #[allow(clippy::init_numbered_fields)]
        unsafe impl $crate::ShmLayout for $name {
            const DESC: &'static $crate::__private::TypeDesc<'static> =
                // With a brace, the references live as long as the constant on every compiler that we support.
                &$crate::__private::TypeDesc::Enum { 0: &$crate::__private::EnumDesc {
                    name: ::core::stringify!($name),
                    repr: $crate::__private::enum_scalar::<$repr>(),
                    flavour: $crate::__private::Flavour::Open,
                    values: &[$($crate::__private::EnumValue {
                        name: ::core::stringify!($value),
                        value: $name::$value.0 as i64,
                    }),*],
                } };
        }

        const _: () = $crate::__private::check_type::<$name>(::core::stringify!($name));

        $crate::__private::inventory::submit! {
            $crate::__private::Registered(<$name as $crate::ShmLayout>::DESC)
        }
    )+};
}
