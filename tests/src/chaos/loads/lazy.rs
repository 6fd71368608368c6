//! Values that are computed once: whoever asks gets the same, whoever died while it computed.

use std::collections::HashMap;

use zeroipc::{Array, Lazy};

use crate::chaos::load::{Answer, BRIEF, Load};
use crate::containers::{item, number, refused};
use crate::shake;
use crate::types::Item;

const FORCE: u8 = 1;
/// How many there are. The table has 64 entries.
const VALUES: u64 = 48;

pub(super) fn load() -> Load {
    Load::new("lazy")
        .prepare(|memory, _| {
            drop(Array::<u64>::create(memory, "computed", VALUES).unwrap());
            for number in 0..VALUES {
                drop(Lazy::<Item>::create(memory, &format!("l{number}")).unwrap());
            }
        })
        .work(|worker| {
            let all: Vec<Lazy<Item>> =
                (0..VALUES).map(|number| Lazy::open(worker.memory(), &format!("l{number}")).unwrap()).collect();
            let computed = Array::<u64>::open(worker.memory(), "computed").unwrap();
            // One after the other, so that all stand at the same one.
            let mut next = 0;
            while worker.goes_on() {
                let index = if next < VALUES { next } else { worker.rng.below(VALUES) };
                let value = worker.fresh();
                let found = worker.does(FORCE, index, || {
                    let forced = all[index as usize].force_timeout(BRIEF, || {
                        shake::here();
                        computed.fetch_add(index as usize, 1);
                        item(value)
                    });
                    refused(forced).map(number)
                });
                if found.is_some() && index == next {
                    next += 1;
                }
            }
        })
        .check(|memory, journals| {
            let mut known: HashMap<u64, u64> = HashMap::new();
            for number in 0..VALUES {
                let lazy = Lazy::<Item>::open(memory, &format!("l{number}")).unwrap();
                known.insert(number, crate::containers::number(lazy.force_timeout(crate::SOON, || item(1)).unwrap()));
            }
            for entry in journals.iter().flatten() {
                if let Answer::Yes(value) = entry.answer {
                    assert_eq!(known[&entry.value], value, "{} has two values", entry.value);
                }
            }
        })
}
