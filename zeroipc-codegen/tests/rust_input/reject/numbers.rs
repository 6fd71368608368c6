//! Numbers that cannot be computed, or only with the compiler's help.
use zeroipc::FixedStr;

const LARGE: u8 = 256;
const TEXT: &str = "not needed";
const CALLED: usize = size_of::<u64>();
const LEFT: usize = RIGHT + 1;
const RIGHT: usize = LEFT + 1;
const BELOW: u32 = 3 - 5;

#[derive(ShmLayout)]
#[repr(C)]
struct Lengths {
    a: [u8; CALLED],
    b: [u8; LEFT],
    c: [u8; MISSING],
    d: FixedStr<LARGE>,
    e: [u8; 1 / 0],
    f: [u8; 1 << 64],
    g: [u8; BELOW as usize],
    h: [u8; TEXT],
    i: [u8; 340282366920938463463374607431768211456],
    _pad: [u8; OTHER],
}

zeroipc::open_enum! {
    enum Mode: u8 {
        A = 300,
        B = outside(),
        C = Self::D.0,
    }

    enum Machine: usize { A = 1 }
}

zeroipc::flags! {
    flags Signed: i8 { A = 1 }

    flags Unnamed: u8 { A = 6 }
}
