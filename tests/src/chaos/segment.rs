//! The rows of segments: creating, attaching, removing, and the first structure with its passport.

use std::cell::RefCell;

use zeroipc::{Array, ErrorKind, Memory, Queue};

use super::{Case, completed, told};
use crate::SOON;
use crate::names::{Name, path_of};

/// A second segment beside that of the case; it goes away with this.
struct Beside(String);

impl Beside {
    fn name(memory: &Memory) -> String {
        format!("{}_beside", memory.name())
    }

    fn of(memory: &Memory) -> Beside {
        Beside(Beside::name(memory))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(path_of(&self.0));
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![create_segment(), open_segment(), remove_segment(), first_structure()]
}

const NO_SEGMENT: &str = "there is no segment, and nothing is left of it";
const SEGMENT: &str = "the segment is there";

fn create_segment() -> Case {
    Case::new("segment", "Memory::create")
        .prepare(Beside::of)
        .victim(|memory| drop(Memory::create(&Beside::name(memory), 1 << 20).unwrap()))
        .survivor(|_, beside, _| match Memory::open(&beside.0) {
            Ok(memory) => {
                assert_eq!((memory.size(), memory.attachments().unwrap()), (1 << 20, 1));
                Queue::<u64>::create(&memory, "q", 4).unwrap().push(1).unwrap();
                completed(SEGMENT)
            }
            Err(error) => {
                assert!(!path_of(&beside.0).exists());
                Memory::create(&beside.0, 1 << 16).unwrap();
                told(error.kind(), NO_SEGMENT)
            }
        })
        .promise(|death| if death.at("linked") { completed(SEGMENT) } else { told(ErrorKind::NotFound, NO_SEGMENT) })
}

fn open_segment() -> Case {
    const NEVER: &str = "it was never there: the last one out can remove the segment";
    Case::new("segment", "Memory::open")
        .points(&["attach."])
        .prepare(|memory| {
            let beside = Beside::of(memory);
            let own = Memory::options().remove_on_last_detach(true).create(&beside.0, 1 << 16).unwrap();
            (beside, own)
        })
        .victim(|memory| {
            super::now();
            drop(Memory::open(&Beside::name(memory)).unwrap());
        })
        .survivor(|_, (beside, own), _| {
            assert_eq!(own.attachments().unwrap(), 1);
            drop(own);
            removed(&beside.0);
            completed(NEVER)
        })
        .promise(|_| completed(NEVER))
}

/// Sees that the last one out removes the segment. A child that another case is just starting may hold the anchor
/// until it executes; then it is the next one out who removes.
fn removed(name: &str) {
    let start = std::time::Instant::now();
    while path_of(name).exists() {
        assert!(start.elapsed() < SOON, "the last one out cannot remove");
        drop(Memory::options().remove_on_last_detach(true).open(name));
    }
}

fn remove_segment() -> Case {
    const STAYS: &str = "the segment is there, and the next one out removes it";
    thread_local! {
        static LEAVING: RefCell<Option<Memory>> = const { RefCell::new(None) };
    }
    Case::new("segment", "dropping the last Memory")
        .points(&["detach."])
        .prepare(|memory| {
            let beside = Beside::of(memory);
            drop(Memory::create(&beside.0, 1 << 16).unwrap());
            beside
        })
        .victim(|memory| {
            let last = Memory::options().remove_on_last_detach(true).open(&Beside::name(memory)).unwrap();
            LEAVING.set(Some(last));
            super::now();
            LEAVING.set(None);
        })
        .survivor(|_, beside, _| {
            let memory = Memory::options().remove_on_last_detach(true).open(&beside.0).unwrap();
            assert_eq!(memory.attachments().unwrap(), 1);
            drop(memory);
            removed(&beside.0);
            completed(STAYS)
        })
        .promise(|_| completed(STAYS))
}

fn first_structure() -> Case {
    const ALONE: &str = "it never existed; a passport without structures may be there";
    const THERE: &str = "the structure is there";
    Case::new("segment", "creating the first structure")
        .points(&["create."])
        .prepare(|memory| {
            let twin = Name::new();
            let other = Memory::create(&twin, memory.size()).unwrap();
            Array::<u8>::create(&other, "x", 1000).unwrap();
            other.free().unwrap()
        })
        // Other bytes than the array's, all over its place.
        .victim(|memory| drop(Queue::<u64>::create(memory, "x", 32).unwrap()))
        .survivor(|memory, free, _| match Queue::<u64>::open(memory, "x") {
            Ok(queue) => {
                queue.push_timeout(1, SOON).unwrap();
                assert_eq!(queue.pop_timeout(SOON).unwrap(), 1);
                completed(THERE)
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                let array = Array::<u8>::create(memory, "x", 1000).unwrap();
                assert!(array.iter().all(|byte| byte == 0), "old bytes are left");
                assert_eq!(memory.free().unwrap(), free, "space is lost");
                let newcomer = Memory::open(memory.name()).unwrap();
                assert_eq!(Array::<u8>::open(&newcomer, "x").unwrap().len(), 1000);
                completed(ALONE)
            }
        })
        // The first publication is the passport's.
        .promise(|death| completed(if death.at("published") && death.nth == 2 { THERE } else { ALONE }))
}
