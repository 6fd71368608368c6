//! The rows of Lazy.

use zeroipc::{ErrorKind, Lazy, Memory};

use super::{Case, Death, Outcome, completed, told};
use crate::SOON;

const KEPT: &str = "the value is there";
const COMPUTED: &str = "it is computed by one who is told";
const FAILED: &str = "the failure is told";
const FORGOTTEN: &str = "the failure is forgotten";

fn open(memory: &Memory) -> Lazy<[u64; 3]> {
    Lazy::open(memory, "l").unwrap()
}

/// The next one that needs the value.
fn next(lazy: &Lazy<[u64; 3]>) -> Outcome {
    let outcome = match lazy.try_force_with(|state| if state.previous_died() { Ok([8; 3]) } else { Err("?".into()) }) {
        Ok([7, 7, 7]) => completed(KEPT),
        Ok([8, 8, 8]) => completed(COMPUTED),
        Ok(other) => panic!("{other:?} was never computed"),
        Err(error) => {
            assert!(error.to_string().ends_with("it failed: no"), "{error}");
            assert!(lazy.reset_error().unwrap());
            lazy.force(|| [8; 3]).unwrap();
            told(error.kind(), FAILED)
        }
    };
    assert_eq!(lazy.wait_timeout(SOON).unwrap(), lazy.get().unwrap().unwrap());
    outcome
}

/// An operation, what the victim does, and what is promised.
type Filling = (&'static str, fn(&Memory), fn(&Death) -> Outcome);

pub(super) fn cases() -> Vec<Case> {
    let fresh = |memory: &Memory| Lazy::<[u64; 3]>::create(memory, "l").unwrap();
    let fill: [Filling; 2] = [
        (
            "force",
            |memory| drop(open(memory).force(|| [7; 3])),
            |death| completed(if death.at("leave.left") { KEPT } else { COMPUTED }),
        ),
        (
            "try_force, failing",
            |memory| drop(open(memory).try_force(|| Err("no".to_owned()))),
            |death| if death.at("leave.left") { told(ErrorKind::Failed, FAILED) } else { completed(COMPUTED) },
        ),
    ];
    let mut all: Vec<Case> = fill
        .into_iter()
        .map(|(operation, victim, promise)| {
            Case::new("lazy", operation)
                .points(&["once.", "outcome."])
                .prepare(fresh)
                .victim(victim)
                .survivor(|_, lazy, _| next(&lazy))
                .promise(promise)
        })
        .collect();
    let reset = Case::new("lazy", "reset_error")
        .points(&["once."])
        .prepare(move |memory| {
            let lazy = fresh(memory);
            lazy.try_force(|| Err("no".to_owned())).unwrap_err();
            lazy
        })
        .victim(|memory| assert!(open(memory).reset_error().unwrap()))
        .survivor(|_, lazy, _| {
            assert_eq!(lazy.get().unwrap(), None);
            assert_eq!(lazy.force(|| [9; 3]).unwrap(), [9; 3]);
            completed(FORGOTTEN)
        })
        .promise(|_| completed(FORGOTTEN));
    all.push(reset);
    all
}
