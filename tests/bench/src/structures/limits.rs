//! The machine's own limits: what nothing can be faster than.

use std::hint::black_box;
use std::time::{Duration, Instant};

use zeroipc::{Array, Memory, Result};

use crate::measure::{Candidate, take_turns};
use crate::report::{Comparison, Report};

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    report.add(bulk_copy(repeat.min(5), (1 << 30) / scale)?);
    Ok(())
}

/// A copy of so many bytes out of an array and into it, beside `memcpy` on pages of the same kind.
fn bulk_copy(repeat: usize, bytes: u64) -> Result<Comparison> {
    let name = format!("/zeroipc_bench_copy_{}", std::process::id());
    let memory = Memory::options().remove_on_last_detach(true).prefault(true).create(&name, bytes + (1 << 20))?;
    let array = Array::<u64>::create(&memory, "pages", bytes / 8)?;
    let mut private = vec![7_u64; bytes as usize / 8];
    array.write(0, &private)?;
    let private = std::cell::RefCell::new(&mut private);
    let timed = |copy: &dyn Fn()| -> Duration {
        let start = Instant::now();
        copy();
        start.elapsed()
    };
    // SAFETY: nobody else has the segment, so nobody writes while the slice lives.
    let pages = unsafe { array.as_slice() };
    let candidates: Vec<Candidate<'_>> = vec![
        (
            "zeroipc array, read",
            Box::new(|| {
                timed(&|| {
                    let mut to = private.borrow_mut();
                    let _ = black_box(array.read(0, &mut to));
                })
            }),
        ),
        (
            "memcpy out of the same pages",
            Box::new(|| {
                timed(&|| {
                    let mut to = private.borrow_mut();
                    to.copy_from_slice(black_box(pages));
                    black_box(&to);
                })
            }),
        ),
    ];
    let samples = take_turns(repeat, candidates, |took| bytes as f64 / took.as_secs_f64() / 1e9);
    Ok(Comparison::new(format!("array, bulk copy of {} MiB", bytes >> 20), "GB/s", true, samples))
}
