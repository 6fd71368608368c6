//! Named values of a number, where other values may occur.

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
/// A value that is renamed keeps the name by which segments know it behind `as`: `DRIVE as "RUN" = 1`. Programs that
/// still call it `RUN` then go on reading the same data.
///
/// Where all values are known for good, [`closed_enum!`](crate::closed_enum) gives a `match` without a `_` arm; a number
/// whose bits have names is for [`flags!`](crate::flags).
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
            $( $(#[$value_meta:meta])* $value:ident $(as $recorded:literal)? = $number:expr ),* $(,)?
        }
    )+) => {$(
        $crate::__named_number! {
            Open enum_scalar (pub)
            $(#[$meta])*
            $vis $name: $repr {
                $( $(#[$value_meta])* $value $(as $recorded)? = $number ),*
            }
        }
        $crate::__debug_enum!($name);
    )+};
}
