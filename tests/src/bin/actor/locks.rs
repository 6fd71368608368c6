//! Operations of processes that use locks: a mutex `m`, a condition variable `c`, a rwlock `rw` and an array `a`.

use zeroipc::{Array, Condvar, ErrorKind, Memory, Mutex, RwLock};
use zeroipc_tests::SOON;
use zeroipc_tests::sys::{self, Change};

use super::{Operation, await_line, number, options, say};

/// What the processes share.
struct Shop {
    mutex: Mutex,
    changed: Condvar,
    rwlock: RwLock,
    cells: Array<u64>,
    memory: Memory,
}

impl Shop {
    fn open(segment: &str) -> Shop {
        let memory = options().open(segment).expect("the segment opens");
        Shop {
            mutex: Mutex::open(&memory, "m").expect("the mutex opens"),
            changed: Condvar::open(&memory, "c").expect("the condition variable opens"),
            rwlock: RwLock::open(&memory, "rw").expect("the rwlock opens"),
            cells: Array::open(&memory, "a").expect("the array opens"),
            memory,
        }
    }

    /// Adds one in two steps that a lock has to keep together.
    fn add(&self, cell: usize) {
        let value = self.cells.load(cell);
        self.cells.store(cell, value + 1);
    }
}

pub(crate) fn prepare(segment: &str, args: Vec<String>) -> Operation {
    let shop = Shop::open(segment);
    Box::new(move || {
        match args[0].as_str() {
            "lock-count" => {
                for _ in 0..number::<u64>(&args, 2) {
                    let guard = shop.mutex.lock().expect("locks");
                    assert!(!guard.previous_owner_died());
                    shop.add(0);
                    drop(guard);
                }
            }
            // Until cell 1 is set; counts in a cell of its own.
            "lock-hammer" => {
                while shop.cells.load(1) == 0 {
                    let guard = shop.mutex.lock().expect("locks");
                    shop.add(number(&args, 2));
                    drop(guard);
                }
            }
            "lock-rw-count" => rw_count(&shop, number(&args, 2)),
            "lock-rw-hammer" => rw_hammer(&shop, number(&args, 2), args[3] == "write"),
            "lock-take" => take(&shop, number(&args, 2)),
            "lock-give" => give(&shop, number(&args, 2)),
            "lock-hold" => {
                let guard = shop.mutex.lock().expect("locks");
                say("held");
                await_line();
                drop(guard);
            }
            "lock-hold-write" => {
                let guard = shop.rwlock.write().expect("locks");
                say("held");
                await_line();
                drop(guard);
            }
            "lock-hold-read" => {
                let guard = shop.rwlock.read().expect("locks");
                say("held");
                await_line();
                drop(guard);
            }
            "lock-fork" => fork(&shop),
            other => panic!("no operation `{other}`"),
        }
        "done".into()
    })
}

/// Every third time writes, and otherwise sees both cells alike.
fn rw_count(shop: &Shop, rounds: u64) {
    for round in 0..rounds {
        if round % 3 == 0 {
            let guard = shop.rwlock.write().expect("locks");
            shop.add(0);
            shop.add(1);
            let guard = guard.downgrade();
            assert_eq!(shop.cells.load(0), shop.cells.load(1));
            drop(guard);
        } else {
            let guard = shop.rwlock.read().expect("locks");
            assert!(!guard.previous_writer_died());
            assert_eq!(shop.cells.load(0), shop.cells.load(1), "a reader beside a writer");
            drop(guard);
        }
    }
}

/// Until cell 1 is set; counts in a cell of its own.
fn rw_hammer(shop: &Shop, cell: usize, writes: bool) {
    while shop.cells.load(1) == 0 {
        if writes {
            let guard = shop.rwlock.write().expect("locks");
            shop.add(cell);
            drop(guard);
        } else {
            let guard = shop.rwlock.read().expect("locks");
            shop.add(cell);
            drop(guard);
        }
    }
}

/// Takes goods out of cell 0 until so many are taken, and counts them in cell 1.
fn take(shop: &Shop, count: u64) {
    for _ in 0..count {
        let guard = shop.mutex.lock().expect("locks");
        let guard = shop.changed.wait_while(guard, || shop.cells.load(0) == 0).expect("waits");
        shop.cells.store(0, shop.cells.load(0) - 1);
        shop.add(1);
        drop(guard);
    }
}

/// Puts so many goods into cell 0.
fn give(shop: &Shop, count: u64) {
    for number in 0..count {
        let guard = shop.mutex.lock().expect("locks");
        shop.add(0);
        drop(guard);
        if number % 16 == 15 { shop.changed.notify_all() } else { shop.changed.notify_one() }.expect("notifies");
    }
}

/// Forks with all kinds of guards; the child's end, and what it does with them, changes nothing.
fn fork(shop: &Shop) {
    let guard = shop.mutex.lock().expect("locks");
    let reading = shop.rwlock.read().expect("locks");
    let Some(child) = sys::fork().expect("forks") else {
        let refused = shop.changed.wait(guard).expect_err("it is the parent's");
        assert_eq!(refused.kind(), ErrorKind::NotOwner);
        drop(reading);
        // Having an id of its own changes nothing either.
        shop.memory.id().expect("anchors");
        assert!(shop.mutex.try_lock().expect("looks").is_none(), "the parent has it");
        assert!(shop.rwlock.try_write().expect("looks").is_none(), "the parent reads");
        sys::exit_now(0);
    };
    assert_eq!(sys::wait(child).expect("our child"), Change::Exited(0));
    assert!(shop.mutex.try_lock().expect("looks").is_none(), "the child let it go");
    drop((guard, reading));
    let guard = shop.mutex.lock_timeout(SOON).expect("it is free");
    assert!(!guard.previous_owner_died());
    drop(shop.rwlock.write_timeout(SOON).expect("it is free"));
}
