//! The latest value: every update is built on the one before, nobody sees half of one; and an event that one set opens for
//! one.

use zeroipc::{Event, Signal};

use crate::chaos::load::{Answer, BRIEF, Load, additions};
use crate::containers::{item, number, refused};
use crate::shake;
use crate::types::Item;

const ADD: u8 = 1;
const SET: u8 = 2;
const TAKE: u8 = 3;

pub(super) fn signal() -> Load {
    Load::new("signal")
        .prepare(|memory, _| {
            drop(Signal::<Item>::create_with(memory, "counted", item(0)).unwrap());
            drop(Signal::<Item>::create(memory, "said").unwrap());
        })
        .work(|worker| {
            let counted = Signal::<Item>::open(worker.memory(), "counted").unwrap();
            let said = Signal::<Item>::open(worker.memory(), "said").unwrap();
            let mut known = 0;
            while worker.goes_on() {
                let value = worker.fresh();
                match worker.rng.below(5) {
                    0 | 1 => {
                        worker.does(ADD, 0, || {
                            let next = |before: &Item| {
                                shake::here();
                                item(number(*before) + 1)
                            };
                            refused(counted.update_timeout(next, BRIEF)).map(|(after, _)| number(after) - 1)
                        });
                    }
                    2 => drop(worker.does(SET, value, || refused(said.set_timeout(item(value), BRIEF)))),
                    3 => {
                        if let Some((value, version)) = refused(said.wait_for_change_timeout(known, BRIEF)) {
                            assert!(version > known, "{version} came after {known}");
                            known = version;
                            number(value);
                        }
                    }
                    _ => {
                        let (value, version) = said.get().unwrap();
                        assert!(version >= known, "{version} came after {known}");
                        known = version;
                        assert!(version == 0 || number(value) != 0, "a value that nobody has set");
                    }
                }
            }
        })
        .check(|memory, journals| {
            let counted = Signal::<Item>::open(memory, "counted").unwrap();
            additions(journals, ADD, 0, number(counted.get().unwrap().0));
            let said = Signal::<Item>::open(memory, "said").unwrap();
            let (value, version) = said.get().unwrap();
            let sets = || journals.iter().flatten().filter(|entry| entry.operation == SET);
            let last = sets().filter_map(|entry| match entry.answer {
                Answer::Yes(version) => Some((version, entry.value)),
                _ => None,
            });
            if let Some((known, of)) = last.max() {
                assert!(known <= version, "version {known} is lost, {version} is the last");
                assert!(known < version || number(value) == of, "another value than the one of version {version}");
            }
            assert!(version == 0 || sets().any(|entry| entry.value == number(value)), "a value from nowhere");
            assert!(said.set_timeout(item(1), crate::SOON).unwrap() > version);
        })
}

pub(super) fn event() -> Load {
    Load::new("event")
        .prepare(|memory, _| drop(Event::create_auto(memory, "e").unwrap()))
        .work(|worker| {
            let event = Event::open(worker.memory(), "e").unwrap();
            while worker.goes_on() {
                match worker.rng.below(3) {
                    0 => worker.does(SET, 0, || event.set().ok().map(|()| 0)),
                    1 => worker.does(TAKE, 0, || refused(event.wait_timeout(BRIEF)).map(|()| 0)),
                    _ => worker.does(TAKE, 0, || event.try_wait().unwrap().then_some(0)),
                };
            }
        })
        .check(|memory, journals| {
            let count = |operation: u8, without: Answer| {
                let entries = journals.iter().flatten().filter(|entry| entry.operation == operation);
                entries.filter(|entry| entry.answer != Answer::No && entry.answer != without).count()
            };
            let (taken, sets) = (count(TAKE, Answer::None), count(SET, Answer::No));
            assert!(taken <= sets, "{taken} came through, after {sets} sets");
            let event = Event::open(memory, "e").unwrap();
            event.reset().unwrap();
            assert!(!event.try_wait().unwrap());
            event.set().unwrap();
            event.wait_timeout(crate::SOON).unwrap();
            assert!(!event.is_set());
        })
}
