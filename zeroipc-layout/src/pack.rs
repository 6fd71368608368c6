//! The C rule for placing fields, checked for overflow.

/// `value` rounded up to a multiple of `align`, a power of two; `None` when it does not fit.
pub const fn align_up(value: u64, align: u64) -> Option<u64> {
    match value.checked_add(align - 1) {
        Some(sum) => Some(sum & !(align - 1)),
        None => None,
    }
}

/// Places fields one after the other as C does: each at the next multiple of its alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    end: u64,
    align: u64,
}

impl Packing {
    /// An empty struct.
    pub const fn new() -> Packing {
        Packing { end: 0, align: 1 }
    }

    /// The first byte behind the fields placed so far.
    pub const fn end(self) -> u64 {
        self.end
    }

    /// The largest alignment seen so far.
    pub const fn align(self) -> u64 {
        self.align
    }

    /// The alignment raised to at least `align`, a power of two.
    pub const fn with_align(self, align: u64) -> Packing {
        Packing { end: self.end, align: if align > self.align { align } else { self.align } }
    }

    /// Places a field: its offset and the packing behind it, or `None` when the size overflows.
    pub const fn place(self, size: u64, align: u64) -> Option<(u64, Packing)> {
        let Some(offset) = align_up(self.end, align) else { return None };
        let Some(end) = offset.checked_add(size) else { return None };
        Some((offset, Packing { end, align: if align > self.align { align } else { self.align } }))
    }

    /// The size of the whole struct, tail padding included, or `None` when it overflows.
    pub const fn size(self) -> Option<u64> {
        align_up(self.end, self.align)
    }
}

impl Default for Packing {
    fn default() -> Self {
        Packing::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_as_c_does() {
        let (id, packing) = Packing::new().place(4, 4).unwrap();
        let (stamp, packing) = packing.place(8, 8).unwrap();
        let (flag, packing) = packing.place(1, 1).unwrap();
        assert_eq!((id, stamp, flag), (0, 8, 16));
        assert_eq!((packing.size(), packing.align()), (Some(24), 8));
    }

    #[test]
    fn overflow_is_none() {
        assert_eq!(align_up(u64::MAX, 8), None);
        let (_, full) = Packing::new().place(u64::MAX - 4, 1).unwrap();
        assert_eq!(full.place(8, 1), None);
        assert_eq!(full.with_align(8).size(), None);
    }
}
