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

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(seed: u64, key: &[u8]) -> u64 {
        let word = |at: usize| {
            let mut word = [0; 8];
            let bytes = &key[8 * at..key.len().min(8 * at + 8)];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        };
        Hasher::new(seed, key.len() as u64).hash(key.len().div_ceil(8), word)
    }

    #[test]
    fn vectors() {
        let text = include_str!("../../schemas/format/hash_vectors.json");
        let mut count = 0;
        for line in text.lines().filter(|line| line.contains("seed")) {
            // `"seed": "…", "key": "…", "hash": "…"`: each value is the second text in quotes behind its name.
            let of = |name: &str| line.split_once(name).unwrap().1.split('"').nth(2).unwrap();
            let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
            let bytes = of("key").as_bytes().chunks(2);
            let key: Vec<u8> = bytes.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect();
            assert_eq!(hash(number(of("seed")), &key), number(of("hash")), "{line}");
            count += 1;
        }
        assert_eq!(count, 57);
    }

    /// Each bit of a key changes each bit of the hash half of the time.
    #[test]
    fn avalanche() {
        const KEYS: u64 = 4000;
        for (seed, len) in [(0, 8), (0x0123_4567_89ab_cdef, 8), (1, 16), (2, 12)] {
            let mut changed = vec![[0_u32; 64]; 8 * len];
            for number in 0..KEYS {
                let mut key: Vec<u8> = number.to_le_bytes().into_iter().cycle().take(len).collect();
                let before = hash(seed, &key);
                for (bit, changed) in changed.iter_mut().enumerate() {
                    key[bit / 8] ^= 1 << (bit % 8);
                    let differs = before ^ hash(seed, &key);
                    key[bit / 8] ^= 1 << (bit % 8);
                    changed.iter_mut().enumerate().for_each(|(place, count)| *count += (differs >> place & 1) as u32);
                }
            }
            let all = changed.iter().flatten().map(|count| f64::from(*count) / KEYS as f64);
            let worst = all.map(|share| (share - 0.5).abs()).fold(0.0, f64::max);
            assert!(worst < 0.05, "{seed:#x}, {len} bytes: {worst}");
        }
    }

    /// The low bits spread keys as chance does, however regular these are.
    #[test]
    fn buckets() {
        const BUCKETS: usize = 1 << 12;
        type Family = (&'static str, fn(u64) -> u64);
        let families: [Family; 6] = [
            ("one after the other", |i| i),
            ("multiples of 4096", |i| i << 12),
            ("high half", |i| i << 32),
            ("whole floats", |i| (i as f64).to_bits()),
            ("tenths", |i| (i as f64 * 0.1).to_bits()),
            ("bits reversed", |i| i.reverse_bits()),
        ];
        for (name, key) in families {
            let mut counts = [0_u32; BUCKETS];
            let keys = 8 * BUCKETS as u64;
            (0..keys).for_each(|i| counts[hash(5, &key(i).to_le_bytes()) as usize % BUCKETS] += 1);
            let chi: f64 =
                counts.iter().map(|count| (f64::from(*count) - 8.0).powi(2) / 8.0).sum::<f64>() / BUCKETS as f64;
            // Its deviation is 0.022.
            assert!((0.88..1.12).contains(&chi), "{name}: {chi}");
        }
    }
}
