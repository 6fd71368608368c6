//! Closed enums and flags, and names that segments keep when a program renames a value.

use zeroipc::ShmLayout;
use zeroipc_layout::{EnumDesc, EnumValue, Flavour, Scalar, TypeDesc};

zeroipc::open_enum! {
    enum Mode: u8 {
        IDLE = 0,
        RUN = 1,
        FAULT = 255,
    }

    enum Renamed: u8 {
        WAIT as "IDLE" = 0,
        DRIVE as "RUN" = 1,
        FAULT = 255,
        BROKEN as "FAULT2" = 7,
    }

    enum Keyword: u8 {
        r#TYPE = 1,
    }
}

zeroipc::closed_enum! {
    /// What the machine does.
    pub enum State: u8, StateKind {
        /// Nothing.
        IDLE Idle = 0,
        /// Something.
        RUN Run = 1,
        /// Neither.
        FAULT Broken as "FAULT" = 255,
    }

    enum Sign: i16, SignKind {
        MINUS Minus = -1,
        ZERO Zero = 0,
        NONE None = 0,
        SOME Some as "PLUS" = 1,
    }

    enum Never: u8, NeverKind {}
}

zeroipc::flags! {
    /// What may be done.
    pub flags Caps: u32 {
        /// Looked at.
        READ = 1,
        /// Also changed.
        WRITE as "CHANGE" = 1 << 1,
        /// Both.
        ALL = 3,
    }

    flags Top: u64 {
        ALL = u64::MAX,
        HIGH = 1 << 63,
    }

    flags Named: u8 {
        NOTHING = 0,
        A = 1,
    }

    flags Nameless: u16 {}
}

mod old {
    zeroipc::flags! {
        pub flags Caps: u8 {
            READ = 1,
            #[deprecated(note = "nobody looks at it")]
            OLD = 2,
        }
    }

    zeroipc::closed_enum! {
        pub enum State: u8, StateKind {
            IDLE Idle = 0,
            #[deprecated]
            OLD Old = 2,
        }
    }
}

fn enumeration<T: ShmLayout>() -> &'static EnumDesc<'static> {
    match T::DESC {
        TypeDesc::Enum(desc) => desc,
        other => panic!("{other:?} is no enum"),
    }
}

#[test]
fn the_flavour_is_described() {
    assert_eq!(enumeration::<Mode>().flavour, Flavour::Open);
    assert_eq!(enumeration::<State>().flavour, Flavour::Closed);
    assert_eq!((enumeration::<Caps>().flavour, enumeration::<Caps>().repr), (Flavour::Flags, Scalar::U32));
    assert_eq!(State::SCHEMA_FINGERPRINT, 0xa328_c774_c755_6373, "that of the vectors");
    assert_eq!(State::LAYOUT_FINGERPRINT, u8::LAYOUT_FINGERPRINT);
    assert_ne!(State::SCHEMA_FINGERPRINT, Mode::SCHEMA_FINGERPRINT);
}

#[test]
fn a_renamed_value_keeps_its_name_in_the_segment() {
    let values = enumeration::<Renamed>().values;
    assert_eq!(values[1], EnumValue { name: "RUN", value: 1 });
    assert_eq!(values[3], EnumValue { name: "FAULT2", value: 7 });
    assert_eq!(Renamed::DRIVE.name(), Some("DRIVE"));
    assert_eq!(format!("{:?}", Keyword::TYPE), "TYPE");
    assert_eq!(enumeration::<Caps>().values[1], EnumValue { name: "CHANGE", value: 2 });
    assert_eq!(enumeration::<Sign>().values[3], EnumValue { name: "PLUS", value: 1 });
    assert_eq!(enumeration::<Keyword>().values[0].name, "TYPE");
}

#[test]
fn the_known_values_of_a_closed_enum_are_a_rust_enum() {
    let shown = |state: State| match state.known() {
        Some(StateKind::Idle) => "idle",
        Some(StateKind::Run) => "run",
        Some(StateKind::Broken) => "broken",
        None => "no state",
    };
    assert_eq!([0, 1, 255, 9].map(|n| shown(State(n))), ["idle", "run", "broken", "no state"]);
    assert_eq!(State::from(StateKind::Broken), State::FAULT);
    assert_eq!((Sign(0).known(), Sign::from(SignKind::None)), (Some(SignKind::Zero), Sign::NONE));
    assert_eq!(Sign(-1).known(), Some(SignKind::Minus));
    assert_eq!((Never(0).known(), Never::VALUES.len()), (None, 0));
    assert_eq!(format!("{:?} {:?} {:?}", State::RUN, State(9), StateKind::Run), "RUN State(9) Run");
    for state in State::VALUES {
        assert_eq!(state.known().map(State::from), Some(*state));
    }
    const FIRST: Option<StateKind> = State::IDLE.known();
    assert_eq!(FIRST, Some(StateKind::Idle));
}

#[test]
fn flags_are_combined_bit_by_bit() {
    let other = Caps::from_bits(0x10);
    assert_eq!((Caps::READ | Caps::WRITE, Caps::ALL & Caps::READ), (Caps::ALL, Caps::READ));
    assert_eq!((Caps::ALL ^ Caps::READ, Caps::ALL - Caps::WRITE), (Caps::WRITE, Caps::READ));
    assert_eq!((!Caps::READ).bits(), 0xffff_fffe);
    assert_eq!(!!other, other);
    let mut caps = Caps::empty();
    caps |= other | Caps::READ;
    caps -= Caps::ALL;
    assert_eq!(caps, other, "unknown bits are kept");
    assert_eq!((u32::from(caps), Caps::from(16)), (16, other));
    assert_eq!(Caps::default(), Caps::empty());
}

#[test]
fn flags_are_looked_for() {
    assert!(Caps::ALL.contains(Caps::READ) && !Caps::READ.contains(Caps::ALL));
    assert!(Caps::READ.contains(Caps::empty()) && !Caps::READ.intersects(Caps::empty()));
    assert!(Caps::READ.intersects(Caps::ALL) && !Caps::READ.intersects(Caps::WRITE));
    assert!(Caps::empty().is_empty() && !Caps::from_bits(8).is_empty());
    const BOTH: bool = Caps::ALL.contains(Caps::WRITE);
    const { assert!(BOTH) };
}

#[test]
fn flags_are_shown_by_name_and_the_rest_as_a_number() {
    let shown = |bits| format!("{:?}", Caps::from_bits(bits));
    assert_eq!(shown(0x13), "READ | WRITE | 0x10");
    assert_eq!(shown(2), "WRITE");
    assert_eq!(shown(0x30), "0x30");
    assert_eq!(shown(0), "0x0");
    assert_eq!(format!("{:?} {:?} {:?}", Named::from(0), Named::A, Nameless::from(5)), "NOTHING A 0x5");
    assert_eq!(format!("{:?} {:?}", Top::ALL, Top::HIGH), "ALL HIGH");
    assert_eq!((Caps::ALL.name(), Caps::from_bits(5).name()), (Some("ALL"), None));
}

#[test]
#[allow(deprecated)]
fn deprecated_values_are_values() {
    assert_eq!(format!("{:?}", old::Caps::READ | old::Caps::OLD), "READ | OLD");
    assert_eq!(old::State(2).known(), Some(old::StateKind::Old));
}

#[test]
fn all_of_them_are_listed() {
    for desc in [Mode::DESC, State::DESC, Caps::DESC, Top::DESC, Never::DESC] {
        assert_eq!(zeroipc::layouts().filter(|layout| *layout == desc).count(), 1, "{desc:?}");
    }
}
