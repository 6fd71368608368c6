zeroipc::flags! {
    flags Signed: i32 {
        A = 1,
    }
}

zeroipc::closed_enum! {
    enum Width: usize, WidthKind {
        A A = 0,
    }
}

fn main() {}
