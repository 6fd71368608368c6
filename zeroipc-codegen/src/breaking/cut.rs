//! How many changes are kept: everything that may fail, and of the rest not more than anybody reads.

use super::change::{Change, Class, Place};
use super::codes::LEFT_OUT;

/// The most changes that are kept of one schema, as of errors, unless more than these fail.
const MAX_KEPT: usize = 10_000;

/// The changes in their order, the least important left out where they are too many, and a note about those.
pub(super) fn cut(changes: Vec<Change>, place: Place, path: String) -> Vec<Change> {
    if changes.len() <= MAX_KEPT {
        return changes;
    }
    let is_kept = |change: &Change| change.class < Class::Compatible && !change.is_through();
    let kept = changes.iter().filter(|change| is_kept(change)).count();
    let mut order: Vec<usize> = (0..changes.len()).filter(|i| !is_kept(&changes[*i])).collect();
    order.sort_by_key(|i| changes[*i].class);
    let dropped = order.split_off(MAX_KEPT.saturating_sub(kept).min(order.len()));
    if dropped.is_empty() {
        return changes;
    }
    let mut is_dropped = vec![false; changes.len()];
    for i in &dropped {
        is_dropped[*i] = true;
    }
    let message = format!("{} more changes are not shown, none of which fails", dropped.len());
    let note = Change { code: LEFT_OUT, class: Class::Compatible, path, message, accepted: false, place };
    let mut list: Vec<Change> =
        changes.into_iter().zip(is_dropped).filter(|(_, is_dropped)| !is_dropped).map(|(change, _)| change).collect();
    list.insert(0, note);
    list
}
