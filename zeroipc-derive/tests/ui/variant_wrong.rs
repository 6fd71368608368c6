zeroipc::open_enum! {
    enum Tag: u32 {
        NONE = 0,
        ONE = 1,
        TWO = 2,
        ALSO_TWO = 2,
    }
}

zeroipc::variant! {
    variant Names: Tag, size = 16, align = 3, payload = 8 {
        none = NONE,
        none = ONE,
        tag = TWO,
        other(u8) = TWO,
        another(u8) as "other" = ALSO_TWO,
        _hidden(u8) = THREE,
    }
}

fn main() {}
