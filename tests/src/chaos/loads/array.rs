//! Counters that all add to, and a highest value: each addition happens once or, if its process died in it, at most once.

use zeroipc::Array;

use crate::chaos::load::{Answer, Load, additions};

const ADD: u8 = 1;
const PUSH_UP: u8 = 2;
const COUNTERS: u64 = 3;

pub(super) fn load() -> Load {
    Load::new("array")
        .prepare(|memory, _| drop(Array::<u64>::create(memory, "a", COUNTERS + 1).unwrap()))
        .work(|worker| {
            let array = Array::<u64>::open(worker.memory(), "a").unwrap();
            let highest = COUNTERS as usize;
            while worker.goes_on() {
                let index = worker.rng.below(COUNTERS);
                let at = index as usize;
                match worker.rng.below(3) {
                    0 => worker.does(ADD, index, || Some(array.fetch_add(at, 1))),
                    1 => worker.does(ADD, index, || {
                        let mut before = array.load(at);
                        while let Err(now) = array.compare_exchange(at, before, before + 1) {
                            before = now;
                        }
                        Some(before)
                    }),
                    _ => {
                        let value = worker.fresh();
                        worker.does(PUSH_UP, value, || Some(array.fetch_max(highest, value)))
                    }
                };
            }
        })
        .check(|memory, journals| {
            let array = Array::<u64>::open(memory, "a").unwrap();
            let of = |operation: u8| journals.iter().flatten().filter(move |entry| entry.operation == operation);
            for index in 0..COUNTERS {
                additions(journals, ADD, index, array.load(index as usize));
            }
            let known = of(PUSH_UP).filter(|entry| entry.answer != Answer::None).map(|entry| entry.value).max();
            let highest = array.load(COUNTERS as usize);
            assert!(known.is_none_or(|known| highest >= known), "{highest:#x} is the highest, after {known:x?}");
            assert!(highest == 0 || of(PUSH_UP).any(|entry| entry.value == highest), "{highest:#x} came from nowhere");
        })
}
