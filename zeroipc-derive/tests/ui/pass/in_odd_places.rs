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

    zeroipc::closed_enum! {
        pub(super) enum Level: i8, Levels { LOW None = -1, HIGH Some = 1 }
        enum Void: u8, Voids {}
    }

    zeroipc::flags! {
        pub(super) flags Bits: u8 { A = 1 }
        flags NoBits: u64 {}
    }

    zeroipc::variant! {
        pub(super) variant Either: Level, size = 8, align = 4, payload = 4 {
            small(Bits) = LOW,
            r#match([u16; 2]) = HIGH,
        }

        variant Neither: Level, size = 2, align = 1, payload = 1 {}
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

macro_rules! define_variant {
    ($name:ident: $tag:ty { $case:ident($ty:ty) = $value:ident }) => {
        zeroipc::variant! {
            variant $name: $tag, size = 8, align = 4, payload = 4 { $case($ty) = $value }
        }
    };
}

define_variant!(VariantFromMacro: inner::Level { word(u32) = LOW });

fn main() {
    #[derive(Clone, Copy, zeroipc::ShmLayout)]
    #[repr(C)]
    struct Local {
        private: inner::Private,
        mode: inner::Mode,
        _pad_9: [u8; 7],
    }
    assert_eq!(inner::Either::r#match([1, 2]).as_match(), Some([1, 2]));
    let names: Vec<_> = zeroipc::layouts().map(|layout| format!("{layout:?}")).collect();
    for name in ["Local", "FromMacro", "Private", "Mode", "Empty", "Level", "Void", "Bits", "Either", "VariantFromMacro"] {
        assert!(names.iter().any(|layout| layout.contains(&format!("name: \"{name}\""))), "{name} in {names:?}");
    }
}
