//! A peer that writes nonsense over one structure while others use it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zeroipc::Memory;

use crate::rng::Rng;
use crate::sys::Scribble;

/// Runs `operations` again and again in two threads, each with a handle of its own, while the words of the structure
/// `name` are overwritten: by what was there, by what looks like it, and by anything. They may fail, and must end.
///
/// What `operations` waits for, it waits for briefly.
pub fn scribble_over(path: &Path, memory: &Memory, name: &str, operations: impl Fn(&mut Rng) + Sync) {
    let structures = memory.structures().expect("the segment is whole");
    let structure = structures.iter().find(|structure| structure.name() == name).expect("it is there");
    let scribble = Scribble::map(path).expect("the file can be mapped");
    let words: Vec<usize> =
        (0..structure.size().min(4096) as usize / 8).map(|word| structure.offset() as usize + 8 * word).collect();
    let whole: Vec<u64> = words.iter().map(|at| scribble.word(*at).load(Ordering::Relaxed)).collect();
    let seed = Rng::seed();
    let end = Instant::now() + Duration::from_millis(crate::scale::count(300, 3000));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for user in 0..2 {
            let (stop, operations) = (&stop, &operations);
            scope.spawn(move || {
                let mut rng = Rng::new(seed.wrapping_add(1 + user));
                while !stop.load(Ordering::Relaxed) {
                    operations(&mut rng);
                }
            });
        }
        let mut rng = Rng::new(seed);
        while Instant::now() < end {
            for _ in 0..50 {
                let which = rng.below(words.len() as u64) as usize;
                let good = whole[which];
                let value = match rng.below(8) {
                    0 => rng.number(),
                    1 => rng.below(16),
                    2 => good ^ 1 << rng.below(64),
                    // An owner that is dead, alive or impossible, in the bits in which owners are.
                    3 => rng.below(4) | rng.below(1 << 24) << 2 | rng.below(4) << 26,
                    4 => rng.below(4) | rng.below(1 << 24) << 3,
                    5 => good.wrapping_add(rng.below(8) << rng.below(60)),
                    _ => good,
                };
                scribble.word(words[which]).store(value, Ordering::Relaxed);
            }
            for (at, good) in words.iter().zip(&whole) {
                scribble.word(*at).store(*good, Ordering::Relaxed);
            }
            std::thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
    });
}
