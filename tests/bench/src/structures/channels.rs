//! The buffered channel beside channels between threads, in one thread.

use std::hint::black_box;

use zeroipc::{Channel, Result};

use super::race::Race;
use crate::report::Report;
use crate::scenario::memory;

const CAPACITY: usize = 1024;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    let memory = memory()?;
    let ours = Channel::<u64>::create(&memory, "channel", CAPACITY as u64)?;
    let (crossbeam_in, crossbeam_out) = crossbeam_channel::bounded::<u64>(CAPACITY);
    let (flume_in, flume_out) = flume::bounded::<u64>(CAPACITY);
    let (kanal_in, kanal_out) = kanal::bounded::<u64>(CAPACITY);
    let race = Race::new(2_000_000 / scale)
        .with("zeroipc channel", |round| {
            let _ = ours.try_send(black_box(round));
            black_box(ours.try_recv().ok());
        })
        .with("crossbeam channel", |round| {
            let _ = crossbeam_in.try_send(black_box(round));
            black_box(crossbeam_out.try_recv().ok());
        })
        .with("flume", |round| {
            let _ = flume_in.try_send(black_box(round));
            black_box(flume_out.try_recv().ok());
        })
        .with("kanal", |round| {
            let _ = kanal_in.try_send(black_box(round));
            black_box(kanal_out.try_recv().ok());
        });
    report.add(race.nanoseconds(repeat, "channel, uncontended send and receive, 8 bytes"));
    Ok(())
}
