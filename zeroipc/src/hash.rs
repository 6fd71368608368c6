//! The hash of keys: the same number in every language. `docs/structures/hash.md` is the specification,
//! `schemas/format/hash_vectors.json` has vectors.

/// Fractional digits of pi, and of the golden ratio: numbers with nothing hidden in them.
const FIRST: u64 = 0x243f_6a88_85a3_08d3;
const SECOND: u64 = 0x1319_8a2e_0370_7344;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The two halves of the product, exclusive-or.
#[inline(always)]
const fn mix(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// What keys of one length are hashed with in one map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hasher {
    start: u64,
    other: u64,
}

impl Hasher {
    /// For keys of `len` bytes.
    pub(crate) const fn new(seed: u64, len: u64) -> Hasher {
        Hasher { start: mix(seed ^ FIRST, FACTOR) ^ len, other: mix(seed ^ SECOND, FACTOR) }
    }

    /// The hash of a key of `count` words, at least one, the last filled up with zeros.
    #[inline(always)]
    pub(crate) fn hash(self, count: usize, word: impl Fn(usize) -> u64) -> u64 {
        let Hasher { start: mut state, other } = self;
        let mut at = 0;
        while at + 2 < count {
            state = mix(state ^ word(at), other ^ word(at + 1));
            at += 2;
        }
        let last = if at + 1 < count { word(at + 1) } else { 0 };
        mix(mix(state ^ word(at), other ^ last) ^ other, FACTOR)
    }
}
