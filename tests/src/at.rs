//! Stopping or killing this process at a named point of the runtime.
//!
//! The environment says where: `ZEROIPC_TEST_AT=<point>:<n>:<kill|stop|trace>`, the n-th time from [`arm`] on. A
//! stopped process prints `reached` and goes on with the next line of its input; a traced one stops for its parent.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::sys;

/// The variable that says where.
pub const VARIABLE: &str = "ZEROIPC_TEST_AT";

struct Plan {
    point: String,
    action: String,
}

static PLAN: OnceLock<Plan> = OnceLock::new();
static ARMED: AtomicBool = AtomicBool::new(false);
static LEFT: AtomicU32 = AtomicU32::new(0);

/// From now on the points of the plan count, if there is one.
pub fn arm() {
    let Ok(text) = std::env::var(VARIABLE) else { return };
    let mut parts = text.splitn(3, ':');
    let point = parts.next().unwrap_or_default().to_owned();
    let nth = parts.next().and_then(|nth| nth.parse().ok()).unwrap_or(1);
    let action = parts.next().unwrap_or("kill").to_owned();
    LEFT.store(nth, Ordering::Relaxed);
    let _ = PLAN.set(Plan { point, action });
    zeroipc::points::install(reached);
    ARMED.store(true, Ordering::Release);
}

fn reached(point: &'static str) {
    if !ARMED.load(Ordering::Acquire) {
        return;
    }
    let Some(plan) = PLAN.get() else { return };
    if plan.point != point || LEFT.fetch_sub(1, Ordering::Relaxed) != 1 {
        return;
    }
    match plan.action.as_str() {
        "kill" => sys::kill_self(),
        "trace" => {
            sys::trace_me().expect("the parent may trace");
            return sys::stop_self();
        }
        _ => {}
    }
    println!("reached");
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}
