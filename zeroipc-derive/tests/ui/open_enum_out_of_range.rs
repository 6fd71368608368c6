zeroipc::open_enum! {
    enum Level: u8 {
        A = 256,
    }
}

fn main() {}
