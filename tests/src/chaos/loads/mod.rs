//! What is played on each structure when processes are killed by chance.

mod array;
mod broadcast;
mod container;
mod lazy;
mod lent;
mod locks;
mod map;
mod meetings;
mod signal;

use super::Load;

/// All of them.
pub fn loads() -> Vec<Load> {
    vec![
        array::load(),
        broadcast::load(),
        container::queue(),
        container::stack(),
        container::channel(),
        container::rendezvous(),
        lazy::load(),
        lent::ring(),
        lent::pool(),
        locks::mutex(),
        locks::rwlock(),
        locks::semaphore(),
        map::map(),
        meetings::barrier(),
        meetings::condvar(),
        map::set(),
        signal::signal(),
        signal::event(),
    ]
}
