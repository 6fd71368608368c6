//! Every structure beside the best peer that can be had, in the same run.

mod channels;
mod iceoryx;
mod limits;
mod locks;
mod maps;
mod messages;
mod queues;
mod race;
mod rings;
mod stacks;
mod streams;
mod together;

use zeroipc::Result;

use crate::report::Report;

/// What is compared, and the function that does it: with a number of repetitions, and a divisor of the work.
type Part = (&'static str, fn(&mut Report, usize, u64) -> Result<()>);

const PARTS: [Part; 9] = [
    ("queue", queues::add),
    ("stack", stacks::add),
    ("ring", rings::add),
    ("channel", channels::add),
    ("stream", streams::add),
    ("map", maps::add),
    ("lock", locks::add),
    ("message", messages::add),
    ("limit", limits::add),
];

/// Measures all of them, or those whose name has `only` in it; `scale` divides the work.
pub(crate) fn compare(repeat: usize, scale: u64, only: &str) -> Result<Report> {
    let mut report = Report::default();
    for (name, add) in PARTS {
        if name.contains(only) {
            add(&mut report, repeat, scale)?;
        }
    }
    Ok(report)
}
