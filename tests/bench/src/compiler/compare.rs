//! The candidates take turns; what they took becomes a report.

use std::path::Path;

use super::candidates::{CANDIDATES, Candidate};
use super::work::Work;
use crate::report::{Comparison, Report};

/// Compares the compilers on schemas of so many structs each.
///
/// # Errors
/// A sentence that says which file or program it was.
pub(crate) fn compare(ours: &Path, repeat: usize, quick: bool) -> Result<Report, String> {
    let mut report = Report::default();
    let sizes: &[usize] = if quick { &[100] } else { &[1_000, 1_800] };
    for structs in sizes {
        let work = Work::new(*structs)?;
        measure(&mut report, &work, ours, repeat)?;
    }
    Ok(report)
}

fn measure(report: &mut Report, work: &Work, ours: &Path, repeat: usize) -> Result<(), String> {
    let present: Vec<&Candidate> = CANDIDATES.iter().filter(|candidate| candidate.is_there(ours)).collect();
    let mut times = vec![Vec::new(); present.len()];
    let mut bytes = Vec::new();
    for candidate in &present {
        // The first run warms the file cache up and says how much is written.
        work.run(candidate, ours)?;
        if candidate.writes {
            bytes.push((candidate.name, vec![work.written()? as f64 / 1024.0]));
        }
    }
    for _ in 0..repeat {
        for (candidate, times) in present.iter().zip(&mut times) {
            times.push(work.run(candidate, ours)? * 1e3);
        }
    }
    let names = present.iter().map(|candidate| candidate.name);
    report.add(Comparison::new(format!("{} structs", work.structs), "ms", false, names.zip(times).collect()));
    report.add(Comparison::new(format!("{} structs, output", work.structs), "KiB", false, bytes));
    Ok(())
}
