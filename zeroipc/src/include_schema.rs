//! What a build script has made of schemas, as modules.

/// Takes in what a build script has compiled from schemas: each line becomes a module.
///
/// `build.rs` calls `zeroipc_codegen::build("schemas/sensors.zipc")`, which writes a file for the schema and for each that
/// it imports; `mod sensors;` takes in the one that is named like this. Modules of schemas that import each other stand
/// beside each other, in one call or in several. A line may have a visibility, documentation and attributes. Lints about
/// code that is not used or not documented do not look inside.
///
/// A name without a file is an error that tells the path which is missing.
///
/// # Examples
/// ```ignore
/// zeroipc::include_schema! {
///     /// What the sensors write.
///     pub mod sensors;
///     mod geometry;
/// }
///
/// let hub = sensors::SensorHub::open()?;
/// ```
/// The example is whole in `examples/build-rs`.
#[macro_export]
macro_rules! include_schema {
    ($( $(#[$meta:meta])* $vis:vis mod $name:ident; )+) => {$(
        $(#[$meta])*
        #[allow(dead_code, missing_docs, unreachable_pub, clippy::all, rustdoc::all)]
        $vis mod $name {
            ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", ::core::stringify!($name), ".rs"));
        }
    )+};
}
