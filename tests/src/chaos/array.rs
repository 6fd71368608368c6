//! The rows of the array: its operations are single steps, so that only its creation can be cut short.

use zeroipc::{Array, ErrorKind};

use super::{Case, completed};

const THERE: &str = "the array is there";
const NOT_THERE: &str = "it never existed, and no space is lost";

pub(super) fn cases() -> Vec<Case> {
    let create = Case::new("array", "create")
        .points(&["create."])
        .prepare(|memory| {
            // What is free when nobody died.
            let twin = crate::names::Name::new();
            let other = zeroipc::Memory::create(&twin, memory.size()).unwrap();
            for memory in [memory, &other] {
                Array::<u16>::create(memory, "earlier", 5).unwrap().fill(9);
            }
            Array::<u64>::create(&other, "x", 100).unwrap();
            other.free().unwrap()
        })
        .victim(|memory| drop(Array::<u64>::create(memory, "x", 100).unwrap()))
        .survivor(|memory, free, _| {
            let there = match Array::<u64>::create(memory, "x", 100) {
                Ok(_) => false,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
                    true
                }
            };
            let array = Array::<u64>::open(memory, "x").unwrap();
            assert!(array.len() == 100 && array.iter().all(|value| value == 0));
            assert_eq!(memory.free().unwrap(), free, "space is lost");
            assert_eq!(Array::<u16>::open(memory, "earlier").unwrap().to_vec(), [9; 5]);
            completed(if there { THERE } else { NOT_THERE })
        })
        .promise(|death| completed(if death.at("published") { THERE } else { NOT_THERE }));
    vec![create]
}
