//! A mapping on the heap: only the words that a model uses exist, and the others are zero and stay so.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::sync::{AtomicU32, AtomicU64, Relaxed};

/// Words, each of which is always accessed in its own width.
pub(crate) struct Region {
    len: u64,
    halves: BTreeMap<u64, AtomicU32>,
    words: BTreeMap<u64, AtomicU64>,
}

impl Region {
    pub(crate) fn new(len: u64, halves: impl IntoIterator<Item = u64>, words: impl IntoIterator<Item = u64>) -> Region {
        let halves = halves.into_iter().map(|at| (at, AtomicU32::new(0))).collect();
        let words = words.into_iter().map(|at| (at, AtomicU64::new(0))).collect();
        Region { len, halves, words }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn u32_at(&self, offset: u64) -> Result<&AtomicU32> {
        self.halves.get(&offset).ok_or_else(|| Error::corrupt(format!("no half word at {offset}")))
    }

    pub(crate) fn u64_at(&self, offset: u64) -> Result<&AtomicU64> {
        self.words.get(&offset).ok_or_else(|| Error::corrupt(format!("no word at {offset}")))
    }

    /// Copies by words, as production does where the bytes are aligned.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        for (place, bytes) in out.chunks_exact_mut(8).enumerate() {
            let word = self.words.get(&(offset + 8 * place as u64));
            bytes.copy_from_slice(&word.map_or(0, |word| word.load(Relaxed)).to_le_bytes());
        }
        Ok(())
    }

    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        for (place, bytes) in bytes.chunks_exact(8).enumerate() {
            let value = u64::from_le_bytes(bytes.try_into().unwrap());
            match self.words.get(&(offset + 8 * place as u64)) {
                Some(word) => word.store(value, Relaxed),
                None => assert_eq!(value, 0, "the model has no word at {}", offset + 8 * place as u64),
            }
        }
        Ok(())
    }
}
