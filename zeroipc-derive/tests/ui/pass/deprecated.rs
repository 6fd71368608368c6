//! What is deprecated is described like everything else, and only who uses it is warned.

#![deny(warnings)]
#![allow(dead_code)]

use zeroipc::ShmLayout;

/// Fields that nobody should use any more.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Pose {
    x: f64,
    #[deprecated(note = "use `x`")]
    #[shm(unit = "m")]
    y: f64,
    #[deprecated]
    mode: Mode,
    _pad_17: [u8; 7],
}

#[deprecated]
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Whole {
    x: f64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(transparent)]
struct Metres {
    #[deprecated]
    value: f64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Batch<const N: usize> {
    #[deprecated]
    values: [u64; N],
    #[deprecated]
    len: u64,
}

zeroipc::open_enum! {
    enum Mode: u8 {
        IDLE = 0,
        #[deprecated]
        RUN = 1,
    }

    #[deprecated]
    enum Gone: u8 { A = 0 }
}

zeroipc::closed_enum! {
    enum State: u8, StateKind {
        IDLE Idle = 0,
        #[deprecated]
        RUN Run = 1,
    }

    #[deprecated]
    enum Shut: u8, ShutKind { A A = 0 }
}

zeroipc::flags! {
    flags Caps: u8 {
        READ = 1,
        #[deprecated]
        WRITE = 2,
    }

    #[deprecated]
    flags Never: u8 { A = 1 }
}

zeroipc::variant! {
    variant Shape: Mode, size = 24, align = 8, payload = 8 {
        none = IDLE,
        #[deprecated]
        pose(f64) = RUN,
    }

    #[deprecated]
    variant Former: Mode, size = 2, align = 1, payload = 1 {
        byte(u8) = IDLE,
    }
}

fn main() {
    assert_eq!(zeroipc::layouts().count(), 10);
}
