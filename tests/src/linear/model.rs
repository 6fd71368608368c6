//! What structures do, one operation at a time.

use super::{Call, Model, NEVER};

/// An operation on a container, where every value is put in once at most. The last of each are the values that were being put
/// in all the while, which [`Access::complete`] finds: an operation that does not wait may be in their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// A value is put in; whether there was room.
    Put(u64, Option<bool>, Vec<u64>),
    /// A value is taken; which one, or none.
    Take(Option<Option<u64>>, Vec<u64>),
    /// A value whose putting was cut short, and which held a place until now, has never been there after all.
    Withdraw(u64),
}

impl Access {
    /// Says of each which puts were under way at the same time, and adds that those that were cut short may be
    /// withdrawn.
    pub fn complete(calls: &mut Vec<Call<Access>>) {
        let puts: Vec<(u64, u64, u64)> = calls
            .iter()
            .filter_map(|call| match call.what {
                Access::Put(value, ..) => Some((value, call.begun, call.ended)),
                Access::Take(..) | Access::Withdraw(_) => None,
            })
            .collect();
        for call in &mut *calls {
            if let Access::Put(.., unfinished) | Access::Take(_, unfinished) = &mut call.what {
                let during = puts.iter().filter(|(_, begun, ended)| *begun < call.ended && *ended > call.begun);
                *unfinished = during.map(|(value, ..)| *value).collect();
            }
        }
        let cut_short = puts.iter().filter(|(_, _, ended)| *ended == NEVER);
        calls.extend(cut_short.map(|&(value, begun, ended)| Call { begun, ended, what: Access::Withdraw(value) }));
    }
}

/// Where a container takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where it puts: a stack. A push that has not ended may hold room before its value is there.
    Last,
    /// The other one: a queue. A push that has not ended may stand first, and then nothing can be taken.
    First,
}

/// A queue or a stack with room for some values.
#[derive(Clone, Copy, Debug)]
pub struct Container {
    /// How many.
    pub capacity: usize,
    /// Where it takes from.
    pub takes: End,
}

impl Container {
    fn remove_next(self, state: &mut Vec<u64>) {
        state.remove(if self.takes == End::First { 0 } else { state.len() - 1 });
    }
}

impl Model for Container {
    type Operation = Access;
    type State = Vec<u64>;

    fn start(&self) -> Vec<u64> {
        Vec::new()
    }

    fn after(&self, state: &Vec<u64>, operation: &Access) -> Option<Vec<u64>> {
        let mut state = state.clone();
        let next = match self.takes {
            End::First => state.first(),
            End::Last => state.last(),
        };
        match operation {
            Access::Put(value, done, unfinished) => {
                let room = state.len() < self.capacity;
                let held = unfinished.iter().filter(|other| *other != value && !state.contains(other)).count();
                let may_be_full = self.takes == End::Last && state.len() + held >= self.capacity;
                match done {
                    Some(true) if !room => return None,
                    Some(false) if room && !may_be_full => return None,
                    Some(false) => {}
                    _ if room => state.push(*value),
                    _ => {}
                }
            }
            Access::Take(taken, unfinished) => match (taken, next) {
                (Some(None), Some(next)) if self.takes == End::Last || !unfinished.contains(next) => return None,
                (Some(Some(taken)), next) if next != Some(taken) => return None,
                (Some(None), _) | (None, None) => {}
                _ => {
                    self.remove_next(&mut state);
                }
            },
            Access::Withdraw(value) if next == Some(value) => self.remove_next(&mut state),
            Access::Withdraw(_) => return None,
        }
        Some(state)
    }
}

/// An operation on one entry of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A value is stored, whatever is there; what was there before.
    Insert(u64, Option<Option<u64>>),
    /// A value is stored if there is none; whether there was none.
    InsertNew(u64, Option<bool>),
    /// A value is replaced by another if it is there; whether it was.
    Swap(u64, u64, Option<bool>),
    /// What is there.
    Get(Option<Option<u64>>),
    /// The entry is removed; what was there.
    Remove(Option<Option<u64>>),
}

/// One entry of a map: those of other keys do not matter to it.
#[derive(Clone, Copy, Debug)]
pub struct Slot;

impl Model for Slot {
    type Operation = Lookup;
    type State = Option<u64>;

    fn start(&self) -> Option<u64> {
        None
    }

    fn after(&self, state: &Option<u64>, operation: &Lookup) -> Option<Option<u64>> {
        let (next, fits) = match *operation {
            Lookup::Insert(value, before) => (Some(value), before.is_none_or(|before| before == *state)),
            Lookup::InsertNew(value, new) => (state.or(Some(value)), new.is_none_or(|new| new == state.is_none())),
            Lookup::Swap(old, new, done) => {
                let same = *state == Some(old);
                (if same { Some(new) } else { *state }, done.is_none_or(|done| done == same))
            }
            Lookup::Get(found) => (*state, found.is_none_or(|found| found == *state)),
            Lookup::Remove(found) => (None, found.is_none_or(|found| found == *state)),
        };
        fits.then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::is_linearizable;

    fn call<O>(begun: u64, ended: u64, what: O) -> Call<O> {
        Call { begun, ended, what }
    }

    const QUEUE: Container = Container { capacity: 2, takes: End::First };
    const STACK: Container = Container { capacity: 2, takes: End::Last };

    fn put(begun: u64, ended: u64, value: u64) -> Call<Access> {
        call(begun, ended, Access::Put(value, (ended != NEVER).then_some(true), Vec::new()))
    }

    fn full(begun: u64, ended: u64, value: u64) -> Call<Access> {
        call(begun, ended, Access::Put(value, Some(false), Vec::new()))
    }

    fn took(begun: u64, ended: u64, value: u64) -> Call<Access> {
        call(begun, ended, Access::Take(Some(Some(value)), Vec::new()))
    }

    fn nothing(begun: u64, ended: u64) -> Call<Access> {
        call(begun, ended, Access::Take(Some(None), Vec::new()))
    }

    fn lost_take(begun: u64) -> Call<Access> {
        call(begun, NEVER, Access::Take(None, Vec::new()))
    }

    #[track_caller]
    fn holds(container: Container, mut calls: Vec<Call<Access>>) {
        Access::complete(&mut calls);
        assert!(is_linearizable(&container, &calls));
    }

    #[track_caller]
    fn refused(container: Container, mut calls: Vec<Call<Access>>) {
        Access::complete(&mut calls);
        assert!(!is_linearizable(&container, &calls));
    }

    #[test]
    fn queue_in_order_is_accepted() {
        holds(QUEUE, vec![]);
        holds(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), full(4, 5, 9), took(6, 7, 7), took(8, 9, 8), nothing(10, 11)]);
    }

    #[test]
    fn queue_out_of_order_is_refused() {
        refused(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), took(4, 5, 8), took(6, 7, 7)]);
        refused(STACK, vec![put(0, 1, 7), put(2, 3, 8), took(4, 5, 7), took(6, 7, 8)]);
        holds(STACK, vec![put(0, 1, 7), put(2, 3, 8), took(4, 5, 8), took(6, 7, 7)]);
    }

    #[test]
    fn pushes_at_the_same_time_may_stand_in_either_order() {
        holds(QUEUE, vec![put(0, 3, 7), put(1, 2, 8), took(4, 5, 8), took(6, 7, 7)]);
        holds(QUEUE, vec![put(0, 3, 7), put(1, 2, 8), took(4, 5, 7), took(6, 7, 8)]);
        // But two consumers see the same one.
        refused(QUEUE, vec![put(0, 3, 7), put(1, 2, 8), took(4, 5, 7), took(6, 7, 7)]);
    }

    #[test]
    fn value_that_is_taken_twice_or_from_nowhere_is_refused() {
        refused(QUEUE, vec![put(0, 1, 7), took(2, 5, 7), took(3, 4, 7)]);
        refused(QUEUE, vec![took(0, 1, 7)]);
        refused(QUEUE, vec![took(0, 1, 7), put(2, 3, 7)]);
        holds(QUEUE, vec![took(0, 3, 7), put(1, 2, 7)]);
    }

    #[test]
    fn value_that_is_lost_is_refused() {
        refused(QUEUE, vec![put(0, 1, 7), nothing(2, 3)]);
        refused(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), took(4, 5, 8)]);
    }

    #[test]
    fn full_and_empty_must_be_so() {
        refused(QUEUE, vec![put(0, 1, 7), full(2, 3, 8)]);
        refused(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), put(4, 5, 9)]);
        // A push that has not ended holds its place already, and where it stands first nothing can be taken yet.
        holds(QUEUE, vec![put(0, 9, 7), put(1, 2, 8), full(3, 4, 9), nothing(5, 6), took(10, 11, 7), took(12, 13, 8)]);
        refused(QUEUE, vec![put(0, 9, 7), put(1, 2, 8), nothing(5, 6), took(10, 11, 8), took(12, 13, 7)]);
    }

    #[test]
    fn stack_may_be_full_of_what_is_being_pushed() {
        holds(STACK, vec![put(0, 1, 7), put(2, 9, 8), full(3, 4, 9), took(5, 6, 7), took(10, 11, 8)]);
        refused(STACK, vec![put(0, 1, 7), full(3, 4, 9), put(5, 9, 8)]);
        // What is below can be taken all the same, so it must be.
        refused(STACK, vec![put(0, 1, 7), put(2, 9, 8), nothing(3, 4), took(10, 11, 8), took(12, 13, 7)]);
    }

    #[test]
    fn operation_that_was_cut_short_may_have_happened_or_not() {
        holds(QUEUE, vec![put(0, NEVER, 7), took(1, 2, 7)]);
        holds(QUEUE, vec![put(0, NEVER, 7), nothing(1, 2)]);
        holds(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), lost_take(4), took(5, 6, 8)]);
        holds(QUEUE, vec![put(0, 1, 7), lost_take(2), took(3, 4, 7)]);
        // It may have held a place until somebody found its process dead.
        holds(QUEUE, vec![put(0, 1, 7), put(2, NEVER, 8), full(3, 4, 9), took(5, 6, 7), put(7, 8, 9), took(9, 10, 9)]);
        refused(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), full(4, 5, 9), took(6, 7, 7), put(8, 9, 9), took(10, 11, 9)]);
        // Not twice, and not before it began.
        refused(QUEUE, vec![put(0, NEVER, 7), took(1, 2, 7), took(3, 4, 7)]);
        refused(QUEUE, vec![put(0, 1, 7), put(2, 3, 8), took(4, 5, 8), lost_take(6)]);
    }

    #[test]
    fn entry_of_a_map_has_the_last_value() {
        let slot = |calls: &[Call<Lookup>]| is_linearizable(&Slot, calls);
        let insert = |begun, ended, value, before| call(begun, ended, Lookup::Insert(value, Some(before)));
        let get = |begun, ended, found| call(begun, ended, Lookup::Get(Some(found)));
        let remove = |begun, ended, found| call(begun, ended, Lookup::Remove(Some(found)));
        let new = |begun, ended, value, new| call(begun, ended, Lookup::InsertNew(value, Some(new)));
        assert!(slot(&[insert(0, 1, 7, None), get(2, 3, Some(7)), remove(4, 5, Some(7)), get(6, 7, None)]));
        assert!(slot(&[insert(0, 3, 7, Some(8)), insert(1, 2, 8, None), get(4, 5, Some(7))]));
        assert!(slot(&[new(0, 3, 7, true), new(1, 2, 8, false), get(4, 5, Some(7))]));
        let swap = |begun, ended, old, new, done| call(begun, ended, Lookup::Swap(old, new, Some(done)));
        assert!(slot(&[insert(0, 1, 7, None), swap(2, 3, 7, 8, true), swap(4, 5, 7, 9, false), get(6, 7, Some(8))]));
        assert!(!slot(&[insert(0, 1, 7, None), swap(2, 5, 7, 8, true), swap(3, 4, 7, 9, true)]));
        assert!(!slot(&[insert(0, 1, 7, None), get(2, 3, None)]));
        assert!(!slot(&[insert(0, 1, 7, None), insert(2, 3, 8, None)]));
        assert!(!slot(&[insert(0, 1, 7, None), insert(2, 3, 8, Some(7)), get(4, 5, Some(7))]));
        assert!(!slot(&[new(0, 1, 7, true), new(2, 3, 8, true)]));
        assert!(!slot(&[insert(0, 1, 7, None), remove(2, 5, Some(7)), remove(3, 4, Some(7))]));
        // A reader must not see a value come and go.
        assert!(!slot(&[insert(0, 9, 7, None), get(1, 2, Some(7)), get(3, 4, None)]));
    }
}
