//! Every structure beside the best peer that can be had, in the same run.

mod iceoryx;
mod limits;
mod messages;
mod queues;

use zeroipc::Result;

use crate::report::Report;

/// Measures all of them; `scale` divides the work.
pub(crate) fn compare(repeat: usize, scale: u64) -> Result<Report> {
    let mut report = Report::default();
    queues::add(&mut report, repeat, scale)?;
    messages::add(&mut report, repeat, scale)?;
    limits::add(&mut report, repeat, scale)?;
    Ok(report)
}
