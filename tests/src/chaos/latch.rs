//! The rows of the latch.

use zeroipc::{ErrorKind, Latch, Memory};

use super::{Case, completed};
use crate::SOON;

const COUNTED: &str = "it has counted";
const UNHARMED: &str = "nothing is missing";

fn open(memory: &Memory) -> Latch {
    Latch::open(memory, "l").unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    let counts = Case::new("latch", "count_down")
        .prepare(|memory| Latch::create(memory, "l", 3).unwrap())
        .victim(|memory| open(memory).count_down().unwrap())
        .survivor(|_, latch, _| {
            assert_eq!(latch.count().unwrap(), 2);
            latch.count_down_by(2).unwrap();
            latch.wait_timeout(SOON).unwrap();
            completed(COUNTED)
        })
        .promise(|_| completed(COUNTED));
    let opens = Case::new("latch", "count_down to zero, with a sleeper")
        .prepare(|memory| Latch::create(memory, "l", 1).unwrap())
        .parked("latch.wait.marked", |memory| {
            open(memory).wait_timeout(SOON).unwrap();
            completed(COUNTED)
        })
        .victim(|memory| open(memory).count_down().unwrap())
        .survivor(|_, latch, death| {
            assert!(latch.try_wait().unwrap());
            death.partners[0].clone()
        })
        .promise(|_| completed(COUNTED));
    let waits = Case::new("latch", "wait_timeout")
        .prepare(|memory| Latch::create(memory, "l", 1).unwrap())
        .victim(|memory| assert_eq!(open(memory).wait_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut))
        .survivor(|_, latch, _| {
            assert_eq!(latch.count().unwrap(), 1);
            latch.arrive_and_wait_timeout(SOON).unwrap();
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    vec![counts, opens, waits]
}
