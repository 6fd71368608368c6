//! What a driver and a notebook share.
//!
//! zipc namespace robot.nav

use zeroipc::{Bool8, Complex, F16, FixedStr as Text, ShmLayout};

use self::parts::*;

/// The most sensors that there are.
pub const MAX_SENSORS: u32 = 1_000;
/// Twice that, where Rust wants it.
pub const DOUBLE: usize = MAX_SENSORS as usize * 2;
pub const MASK: u64 = 0xFFFF_0000_0000_0000;
pub const LOWEST: i64 = -9223372036854775808;
pub const INVERTED: u8 = !(INNER_BITS as u8);
pub const SHIFTED: u32 = (200u8 << 1) as u32 + u32::BITS;
pub const LETTER: u8 = b'A';
const SCALE: f64 = 2.5;
pub const ON_BY_DEFAULT: u8 = Mode::RUN.0;
const _: () = assert!(size_of::<Reading>() == 104);

zeroipc::open_enum! {
    /// What the robot does.
    pub enum Mode: u8 {
        /// Waits for work.
        IDLE = 0,
        RUN = 1,
        #[deprecated = "use `RUN`"]
        DRIVE as "MOVE" = 0x10,
    }

    /// Below zero.
    pub enum Level: i16 { LOW = -32768, HIGH = i16::MAX }
}

zeroipc::closed_enum! {
    /// What the valve does.
    pub enum Valve: u8, ValveKind {
        SHUT Shut = 0,
        OPEN Open = Self::SHUT.0 + 1,
    }
}

zeroipc::flags! {
    /// What a client may do.
    pub flags Caps: u32 {
        READ = 1 << 0,
        WRITE as "CHANGE" = 1 << 1,
        ALL = Caps::READ.0 | Self::WRITE.bits(),
    }
}

/// A length.
#[derive(Clone, Copy, ShmLayout)]
#[repr(transparent)]
pub struct Metres(pub f64);

/// Three of them.
type Row = [Metres; ROW];
type NotNeeded = Vec<String>;

/// One measurement.
///
/// With a second paragraph.
#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
#[shm(rename = "Measurement")]
pub struct Reading {
    pub id: u32,
    /// What it does.
    pub mode: Mode,
    pub valve: Valve,
    pub on: Bool8,
    _pad_7: u8,
    #[shm(unit = "ns")]
    pub stamp: u64,
    #[shm(unit = "degC", rename = "temperature")]
    pub celsius: f32,
    pub half: F16,
    pub level: Level,
    pub narrow: Complex<f32>,
    pub wide: zeroipc::Complex<f64>,
    pub label: Text<{ 4 * ROW + 4 }>,
    pub row: Row,
    #[deprecated(since = "1.1.0", note = "use `row`")]
    pub r#old: f64,
    pub caps: Caps,
    _pad: [[u8; 2]; 2],
}

impl Reading {
    const UNRELATED: &'static str = "nothing of this is looked at";

    fn id(&self) -> u32 {
        match self.id {
            0 | 1 => 0,
            id => id,
        }
    }
}

/// The parts.
pub mod parts {
    use super::Reading as Sample;

    pub const ROW: usize = 3;
    pub const INNER_BITS: u32 = 8 - 5 % 3;

    /**
     * Alone on its line.
     * And more.
     */
    #[derive(Clone, Copy, zeroipc::ShmLayout)]
    #[repr(C, align(64))]
    pub struct Line {
        pub samples: [Sample; 2],
        pub names: [super::Text<ROW>; 4],
        pub _reserved: [u8; 100],
    }

    #[cfg(test)]
    mod tests {
        struct Line;
    }
}

struct Private {
    lines: Vec<Line>,
}

#[cfg(test)]
mod tests {
    const MAX_SENSORS: u32 = 1;
}
