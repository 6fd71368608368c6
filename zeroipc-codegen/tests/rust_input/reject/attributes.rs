//! Attributes that say nothing, or something else than they may.

#[derive(ShmLayout)]
#[repr(C)]
#[shm(unit = "m", other(1, 2), rename = "First")]
struct Named {
    #[shm(unit = "m", unit = "ft")]
    a: u8,
    #[shm(unit = "")]
    b: u8,
    #[shm(offset = 3, rename = "see")]
    c: u8,
    #[shm(unit)]
    d: u8,
    #[shm(unit = "m")]
    _pad: u8,
    #[shm(rename = "pad")]
    _more: u8,
    _words: u32,
    _name: FixedStr<4>,
    _none: [u8; 0],
    #[cfg(feature = "more")]
    e: u8,
    #[shm(unit = "line\nbreak")]
    f: u8,
}

#[derive(ShmLayout)]
#[repr(transparent)]
struct Metres(#[shm(unit = "m")] f64);
