//! In a function, a module, a macro, with names that shadow those of the prelude.

#![allow(dead_code)]

mod inner {
    pub mod core {}
    pub struct Some;

    #[derive(Clone, Copy, zeroipc::ShmLayout)]
    #[repr(C)]
    pub(super) struct Private {
        x: [u16; Self::LEN],
    }

    impl Private {
        const LEN: usize = 4;
    }

    zeroipc::open_enum! {
        pub(super) enum Mode: i8 { LOW = -1 }
        enum Empty: u8 {}
    }
}

macro_rules! define {
    ($name:ident, $field:ident: $ty:ty) => {
        #[derive(Clone, Copy, zeroipc::ShmLayout)]
        #[repr(C)]
        struct $name {
            $field: $ty,
            _pad_4: [u8; 4],
        }
    };
}

define!(FromMacro, value: f32);

fn main() {
    #[derive(Clone, Copy, zeroipc::ShmLayout)]
    #[repr(C)]
    struct Local {
        private: inner::Private,
        mode: inner::Mode,
        _pad_9: [u8; 7],
    }
    let names: Vec<_> = zeroipc::layouts().map(|layout| format!("{layout:?}")).collect();
    for name in ["Local", "FromMacro", "Private", "Mode", "Empty"] {
        assert!(names.iter().any(|layout| layout.contains(&format!("name: \"{name}\""))), "{name} in {names:?}");
    }
}
