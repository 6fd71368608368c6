//! The rows of the event.

use zeroipc::{ErrorKind, Event, EventMode, Memory};

use super::{Case, completed};
use crate::SOON;

const SET: &str = "the event is set";
const WOKEN: &str = "the sleeper goes on";
const RESET: &str = "the event is not set";
const TAKEN: &str = "the set is gone with the dead";
const UNHARMED: &str = "nothing is missing";

fn open(memory: &Memory) -> Event {
    Event::open(memory, "e").unwrap()
}

/// Not set, it works as ever.
#[track_caller]
fn works(event: &Event) {
    assert!(!event.is_set());
    for _ in 0..3 {
        assert!(!event.try_wait().unwrap());
        event.set().unwrap();
        event.wait_timeout(SOON).unwrap();
        assert_eq!(event.reset().unwrap(), event.mode() == EventMode::Manual);
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for mode in [EventMode::Manual, EventMode::Auto] {
        let sets = Case::new("event", format!("set, {mode}"))
            .prepare(move |memory| Event::create_with(memory, "e", mode).unwrap())
            .victim(|memory| open(memory).set().unwrap())
            .survivor(|_, event, _| {
                assert!(event.is_set());
                event.wait_timeout(SOON).unwrap();
                event.reset().unwrap();
                works(&event);
                completed(SET)
            })
            .promise(|_| completed(SET));
        let wakes = Case::new("event", format!("set, {mode}, with a sleeper"))
            .prepare(move |memory| Event::create_with(memory, "e", mode).unwrap())
            .parked("event.wait.marked", |memory| {
                open(memory).wait_timeout(SOON).unwrap();
                completed(WOKEN)
            })
            .victim(|memory| open(memory).set().unwrap())
            .survivor(move |_, event, death| {
                assert_eq!(event.reset().unwrap(), mode == EventMode::Manual);
                works(&event);
                death.partners[0].clone()
            })
            .promise(|_| completed(WOKEN));
        let waits = Case::new("event", format!("wait_timeout, {mode}"))
            .prepare(move |memory| Event::create_with(memory, "e", mode).unwrap())
            .victim(|memory| assert_eq!(open(memory).wait_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut))
            .survivor(|_, event, _| {
                works(&event);
                completed(UNHARMED)
            })
            .promise(|_| completed(UNHARMED));
        all.extend([sets, wakes, waits]);
    }
    let resets = Case::new("event", "reset")
        .prepare(|memory| {
            let event = Event::create(memory, "e").unwrap();
            event.set().unwrap();
            event
        })
        .victim(|memory| assert!(open(memory).reset().unwrap()))
        .survivor(|_, event, _| {
            works(&event);
            completed(RESET)
        })
        .promise(|_| completed(RESET));
    let takes = Case::new("event", "wait, automatic, when it is set")
        .prepare(|memory| {
            let event = Event::create_auto(memory, "e").unwrap();
            event.set().unwrap();
            event
        })
        .victim(|memory| open(memory).wait().unwrap())
        .survivor(|_, event, _| {
            works(&event);
            completed(TAKEN)
        })
        .promise(|_| completed(TAKEN));
    all.extend([resets, takes]);
    all
}
