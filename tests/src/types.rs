//! The elements that the tests share.

use zeroipc::{Complex, F16, FixedStr, ShmLayout};

/// What producers push to consumers of any language.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
pub struct Item {
    /// Who pushed it.
    pub producer: u64,
    /// How many this producer had pushed before.
    pub sequence: u64,
    /// Follows from the two.
    pub value: f64,
}

impl Item {
    /// The item of a producer with this number.
    pub fn new(producer: u64, sequence: u64) -> Item {
        Item { producer, sequence, value: Item::value_of(producer, sequence) }
    }

    fn value_of(producer: u64, sequence: u64) -> f64 {
        producer.wrapping_mul(1_000_000_007).wrapping_add(sequence) as f64 * 0.5
    }

    /// Whether all of it came from one push.
    pub fn is_whole(&self) -> bool {
        self.value == Item::value_of(self.producer, self.sequence)
    }
}

/// A position on the globe.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
pub struct Fix {
    /// North.
    #[shm(unit = "deg")]
    pub lat: f64,
    /// East.
    #[shm(unit = "deg")]
    pub lon: f64,
    /// What the place is called.
    pub label: FixedStr<12>,
    /// How the robot moves there.
    pub mode: Mode,
    /// Unused.
    pub _pad_29: [u8; 3],
}

zeroipc::open_enum! {
    /// What a robot does.
    pub enum Mode: u8 {
        /// Waits.
        IDLE = 0,
        /// Drives.
        RUN = 1,
    }
}

zeroipc::closed_enum! {
    /// Which event it is.
    pub enum EventTag: u16, EventKind {
        /// Nothing.
        NONE None = 0,
        /// A number.
        WAVE Wave = 1,
        /// Two small ones.
        PAIR Pair = 2,
        /// Several bits.
        BITS Bits = 3,
    }
}

zeroipc::flags! {
    /// What an event is about.
    pub flags Topics: u32 {
        /// Motors.
        MOTOR = 1,
        /// Sensors.
        SENSOR = 1 << 31,
    }
}

zeroipc::variant! {
    /// One of several things that happen.
    pub variant Event: EventTag, size = 24, align = 8, payload = 8 {
        /// Nothing.
        none = NONE,
        /// A number.
        wave(Complex<f64>) = WAVE,
        /// Two small ones.
        pair([F16; 2]) = PAIR,
        /// Several bits.
        bits(Topics) = BITS,
    }
}

/// An element larger than any bulk copy's threshold, with a check sum to see tearing.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
pub struct Big {
    /// All the same number.
    pub words: [u64; 125],
    /// An odd number of bytes.
    pub tail: [u8; 8],
}

impl Big {
    /// Every word is `value`.
    pub fn new(value: u64) -> Big {
        Big { words: [value; 125], tail: value.to_le_bytes() }
    }

    /// The value, if all words are the same.
    pub fn value(&self) -> Option<u64> {
        let value = self.words[0];
        (*self == Big::new(value)).then_some(value)
    }
}

/// An element of 13 bytes.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
pub struct Odd {
    /// All of it.
    pub bytes: [u8; 13],
}

/// An element that starts a cache line pair.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C, align(256))]
pub struct Aligned {
    /// The first.
    pub first: u64,
    /// The others.
    pub rest: [u64; 31],
}
