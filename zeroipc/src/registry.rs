//! Which shareable types this process was built with.

use zeroipc_layout::TypeDesc;

/// One type that the derive or one of our macros has announced.
#[derive(Debug)]
pub struct Registered(pub &'static TypeDesc<'static>);

inventory::collect!(Registered);

/// Every struct that derives [`ShmLayout`](crate::ShmLayout), and what [`open_enum!`](crate::open_enum),
/// [`closed_enum!`](crate::closed_enum), [`flags!`](crate::flags) and `variant!` define, in the program and the libraries that
/// it is linked from, in no particular order.
///
/// A struct with const parameters is many types and is not listed; neither is a `#[repr(transparent)]` struct, which
/// is described as the type inside it.
///
/// # Examples
/// ```
/// use zeroipc::ShmLayout;
///
/// #[derive(Clone, Copy, ShmLayout)]
/// #[repr(C)]
/// struct Pose {
///     x: f64,
///     y: f64,
/// }
///
/// assert!(zeroipc::layouts().any(|layout| layout == Pose::DESC));
/// ```
pub fn layouts() -> impl Iterator<Item = &'static TypeDesc<'static>> {
    inventory::iter::<Registered>.into_iter().map(|registered| registered.0)
}
