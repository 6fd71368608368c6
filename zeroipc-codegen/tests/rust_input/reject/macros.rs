//! zipc namespace
//! Macros of ours that are written in another way.
zeroipc::open_enum! {
    enum Mode: u8 { RUN }
}

closed_enum! {
    enum Valve: u8 { OPEN = 1 }
}

flags! {
    enum Caps: u8 { READ = 1 }
}

other::flags! { anything }
