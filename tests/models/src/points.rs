//! The points between the steps of production code, at which a modelled process may die.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Dies here if this thread was told to.
macro_rules! point {
    ($name:literal) => {
        $crate::points::reached($name)
    };
}

pub(crate) use point;

loom::thread_local! {
    static DIES_AT: Cell<Option<&'static str>> = Cell::new(None);
}

/// What a death unwinds with.
struct Death;

pub(crate) fn reached(name: &'static str) {
    if DIES_AT.with(|at| at.get() == Some(name)) {
        DIES_AT.with(|at| at.set(None));
        resume_unwind(Box::new(Death));
    }
}

/// Runs a process that dies when it reaches the point; `None` when it did.
pub(crate) fn dying_at<R>(point: &'static str, process: impl FnOnce() -> R) -> Option<R> {
    DIES_AT.with(|at| at.set(Some(point)));
    let result = catch_unwind(AssertUnwindSafe(process));
    DIES_AT.with(|at| at.set(None));
    match result {
        Ok(result) => Some(result),
        Err(cause) if cause.is::<Death>() => None,
        Err(cause) => resume_unwind(cause),
    }
}
