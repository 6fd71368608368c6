//! Named points between any two steps of an operation, at which a test can stop or kill the process.
//!
//! Without the feature `test-points` a point is nothing at all.

/// Calls the hook that a test installed, with the point's name.
#[cfg(all(feature = "test-points", not(loom)))]
macro_rules! point {
    ($name:literal) => {
        $crate::points::reached($name)
    };
}

/// Nothing.
#[cfg(not(all(feature = "test-points", not(loom))))]
macro_rules! point {
    ($name:literal) => {};
}

pub(crate) use point;

#[cfg(all(feature = "test-points", not(loom)))]
static HOOK: std::sync::OnceLock<fn(&'static str)> = std::sync::OnceLock::new();

/// Installs the hook of this process; the first one stays.
#[cfg(all(feature = "test-points", not(loom)))]
#[doc(hidden)]
pub fn install(hook: fn(&'static str)) {
    let _ = HOOK.set(hook);
}

#[cfg(all(feature = "test-points", not(loom)))]
pub(crate) fn reached(name: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}
