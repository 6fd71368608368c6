//! What the compiler makes of the schemas of its own tests, as one library whose modules stand beside each other: no lint
//! has anything to say about it, and none of its documentation is a test.

#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, clippy::all)]

/// Generates a module for each golden.
macro_rules! goldens {
    ($folder:literal: $($name:ident)*) => {$(
        #[doc = concat!("Emitted from `", stringify!($name), ".zipc`.")]
        pub mod $name {
            include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../zeroipc-codegen/tests/", $folder, "/", stringify!($name), ".rs"));
        }
    )*};
}

/// With the runtime.
pub mod full {
    goldens! { "golden":
        aliases array auto_pad basics constants consts_only enum_only enums everything fields geometry imported
        imported_twice imports locks market numbers particles queue queue_rounded robot schema sensors struct_only
        table tensor variants
    }
}

/// Without it.
pub mod bare {
    goldens! { "golden/bare":
        aliases array auto_pad basics constants consts_only enum_only enums everything fields geometry imported
        imported_twice imports locks market numbers particles queue queue_rounded robot schema sensors struct_only
        table tensor variants
    }
}
