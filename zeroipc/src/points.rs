//! Named points between any two steps of an operation, at which a test can stop or kill the process.
//!
//! Without the feature `test-points` a point is nothing at all.

/// Calls the hook that a test installed, with the point's name.
#[cfg(feature = "test-points")]
macro_rules! point {
    ($name:literal) => {
        $crate::points::reached($name)
    };
}

/// Nothing.
#[cfg(not(feature = "test-points"))]
macro_rules! point {
    ($name:literal) => {};
}

pub(crate) use point;

#[cfg(feature = "test-points")]
static HOOK: std::sync::OnceLock<fn(&'static str)> = std::sync::OnceLock::new();

/// Installs the hook of this process; the first one stays.
#[cfg(feature = "test-points")]
#[doc(hidden)]
pub fn install(hook: fn(&'static str)) {
    let _ = HOOK.set(hook);
}

#[cfg(feature = "test-points")]
pub(crate) fn reached(name: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}
