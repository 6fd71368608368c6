//! The rows of the condition variable.

use zeroipc::{Array, Condvar, Memory, Mutex};

use super::{Case, completed, deadline, now};
use crate::SOON;

const TOLD: &str = "the next owner of the mutex is told";
const UNHARMED: &str = "others wait and notify as ever";
const NOTIFIED: &str = "the waiter goes on";

struct Shop {
    mutex: Mutex,
    changed: Condvar,
    flag: Array<u64>,
}

fn with(memory: &Memory) -> Shop {
    Shop {
        mutex: Mutex::create(memory, "m").unwrap(),
        changed: Condvar::create(memory, "c").unwrap(),
        flag: Array::create(memory, "flag", 1).unwrap(),
    }
}

fn open(memory: &Memory) -> Shop {
    Shop {
        mutex: Mutex::open(memory, "m").unwrap(),
        changed: Condvar::open(memory, "c").unwrap(),
        flag: Array::open(memory, "flag").unwrap(),
    }
}

fn notifies(operation: &'static str, notify: fn(&Condvar)) -> Case {
    Case::new("condvar", operation)
        .points(&["condvar.notify."])
        .prepare(with)
        .parked("condvar.wait.unlocked", |memory| {
            let Shop { mutex, changed, flag } = open(memory);
            let guard = mutex.lock_timeout(SOON).unwrap();
            let (guard, late) = changed.wait_timeout_while(guard, SOON, || flag.load(0) == 0).unwrap();
            drop(guard);
            if late { deadline("the waiter is forgotten") } else { completed(NOTIFIED) }
        })
        .victim(move |memory| {
            let Shop { mutex, changed, flag } = open(memory);
            let guard = mutex.lock().unwrap();
            flag.store(0, 1);
            drop(guard);
            now();
            notify(&changed);
        })
        .survivor(|_, shop, death| {
            drop(shop.mutex.lock_timeout(SOON).unwrap());
            death.partners[0].clone()
        })
        .promise(|_| completed(NOTIFIED))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("condvar", "wait_timeout")
            .prepare(with)
            .victim(|memory| {
                let Shop { mutex, changed, .. } = open(memory);
                drop(changed.wait_timeout(mutex.lock().unwrap(), SOON / 20).unwrap());
            })
            .survivor(|_, shop, _| {
                let mut guard = shop.mutex.lock_timeout(SOON).unwrap();
                let told = guard.previous_owner_died();
                guard.mark_consistent();
                shop.changed.notify_one().unwrap();
                let (guard, late) = shop.changed.wait_timeout(guard, SOON / 100).unwrap();
                assert!(late, "nobody has notified it");
                drop(guard);
                shop.changed.notify_all().unwrap();
                completed(if told { TOLD } else { UNHARMED })
            })
            .promise(|death| completed(if death.at("registered") { TOLD } else { UNHARMED })),
        notifies("notify_one", |changed| changed.notify_one().unwrap()),
        notifies("notify_all", |changed| changed.notify_all().unwrap()),
    ]
}
