//! Attributes under a condition.

use zeroipc::ShmLayout;

#[cfg_attr(all(), derive(Clone, Copy, ShmLayout))]
#[repr(C)]
struct Derived {
    x: u32,
}

#[derive(Clone, Copy, ShmLayout)]
#[cfg_attr(all(), repr(C, align(16)))]
struct Aligned {
    x: u32,
}

#[derive(Clone, Copy, ShmLayout)]
#[cfg_attr(feature = "debug", derive(Debug))]
#[repr(C)]
struct Fine {
    #[cfg_attr(all(), shm(rename = "y", unit = "m"))]
    x: u32,
    #[cfg_attr(docsrs, doc = "More.")]
    y: u32,
}
