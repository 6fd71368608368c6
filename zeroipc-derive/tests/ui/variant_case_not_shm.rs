zeroipc::open_enum! {
    enum Tag: u32 {
        NONE = 0,
        ONE = 1,
    }
}

zeroipc::variant! {
    variant Text: Tag, size = 32, align = 8, payload = 8 {
        none = NONE,
        text(String) = ONE,
    }
}

fn main() {}
