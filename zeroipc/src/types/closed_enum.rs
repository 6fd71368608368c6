//! Named values of a number, where no other values occur.

/// Defines an enum that can be shared and whose values are all known: a number with named values, and a Rust `enum` of
/// them for a `match` that needs no `_` arm.
///
/// A segment's bytes can be changed by a faulty or hostile process, so what is stored is a struct around the number, as
/// with [`open_enum!`](crate::open_enum), and [`known`] is the step from there to the Rust `enum`. What *closed* adds is
/// the promise between programs: opening a segment whose creator has another set of numbers is refused. So a value can
/// only be added in all programs together; where that is too strict, use [`open_enum!`](crate::open_enum).
///
/// Behind the number stands the name of the Rust `enum`, and before each number its variant. The struct has all that
/// [`open_enum!`](crate::open_enum) gives, `as` included, and besides `known()`, and `From` the Rust `enum`. That one is
/// `Clone`, `Copy`, `Debug`, `PartialEq`, `Eq`, `PartialOrd`, `Ord` and `Hash`. Of two variants with one number, `known()`
/// is the first.
///
/// [`known`]: #examples
///
/// # Examples
/// ```
/// zeroipc::closed_enum! {
///     /// What the valve does.
///     pub enum Valve: u8, ValveKind {
///         /// Nothing flows.
///         SHUT Shut = 0,
///         /// All flows.
///         OPEN Open = 1,
///     }
/// }
///
/// fn flow(valve: Valve) -> f32 {
///     match valve.known() {
///         Some(ValveKind::Shut) => 0.0,
///         Some(ValveKind::Open) => 1.5,
///         None => f32::NAN, // another process broke the promise
///     }
/// }
///
/// assert_eq!(flow(Valve::OPEN), 1.5);
/// assert_eq!(Valve::from(ValveKind::Shut), Valve::SHUT);
/// assert_eq!(Valve(9).known(), None);
/// ```
#[macro_export]
macro_rules! closed_enum {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $repr:ty, $kind:ident {
            $(
                $(#[$value_meta:meta])*
                $value:ident $variant:ident $(as $recorded:literal)? = $number:expr
            ),* $(,)?
        }
    )+) => {$(
        $crate::__named_number! {
            Closed enum_scalar (pub)
            $(#[$meta])*
            $vis $name: $repr {
                $( $(#[$value_meta])* $value $(as $recorded)? = $number ),*
            }
        }
        $crate::__debug_enum!($name);

        #[doc = ::core::concat!("The values of [`", ::core::stringify!($name), "`].")]
        #[allow(dead_code, deprecated)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $kind {
            $( $(#[$value_meta])* $variant, )*
        }

        #[allow(dead_code, deprecated)]
        impl $name {
            /// The value as a Rust `enum`, or `None` for a number that has no name.
            pub const fn known(self) -> ::core::option::Option<$kind> {
                $(
                    if self.0 == $name::$value.0 {
                        return ::core::option::Option::Some($kind::$variant);
                    }
                )*
                ::core::option::Option::None
            }
        }

        #[allow(deprecated)]
        impl ::core::convert::From<$kind> for $name {
            fn from(kind: $kind) -> $name {
                match kind {
                    $( $kind::$variant => $name::$value, )*
                }
            }
        }
    )+};
}
