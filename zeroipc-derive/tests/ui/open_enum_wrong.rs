use zeroipc::ShmLayout;

zeroipc::open_enum! {
    enum Float: f32 {
        A = 0.0,
    }
}

zeroipc::open_enum! {
    enum Width: usize {
        A = 0,
    }
}

zeroipc::open_enum! {
    enum Level: u8 {
        A = 256,
    }
}

const _: u64 = <u8 as ShmLayout>::LAYOUT_FINGERPRINT;

fn main() {}
