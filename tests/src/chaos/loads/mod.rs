//! What is played on each structure when processes are killed by chance.

mod array;
mod container;

use super::Load;

/// All of them.
pub fn loads() -> Vec<Load> {
    vec![array::load(), container::queue()]
}
