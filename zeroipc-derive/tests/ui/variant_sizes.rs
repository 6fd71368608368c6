zeroipc::open_enum! {
    enum Tag: u32 {
        NONE = 0,
        ONE = 1,
        TWO = 2,
        ALSO_TWO = 2,
    }
}

zeroipc::flags! {
    flags Flags: u32 {
        A = 1,
    }
}

zeroipc::variant! {
    variant Large: Tag, size = 16, align = 8, payload = 8 {
        none = NONE,
        large([u64; 2]) = ONE,
    }

    variant Misplaced: Tag, size = 16, align = 8, payload = 4 {
        word(u64) = ONE,
    }

    variant Unaligned: Tag, size = 16, align = 4, payload = 8 {
        word(u64) = ONE,
    }

    variant Ragged: Tag, size = 12, align = 8, payload = 8 {
        word(u32) = ONE,
    }

    variant NoRoom: Tag, size = 8, align = 4, payload = 2 {
        byte(u8) = ONE,
    }

    variant Twice: Tag, size = 8, align = 4, payload = 4 {
        byte(u8) = TWO,
        other(u8) = ALSO_TWO,
    }

    variant Number: u32, size = 8, align = 4, payload = 4 {}

    variant Bits: Flags, size = 8, align = 4, payload = 4 {}
}

fn main() {}
