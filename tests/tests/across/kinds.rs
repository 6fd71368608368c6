//! Halves, complex numbers, flags, closed enums and variants between Rust and NumPy.

use std::process::Command;

use zeroipc::{Array, Complex, F16, FixedStr, Memory, ShmLayout};
use zeroipc_tests::names::Name;

zeroipc::flags! {
    flags Caps: u16 {
        READ = 1,
        WRITE = 2,
    }
}

zeroipc::closed_enum! {
    enum Valve: u8, ValveKind {
        SHUT Shut = 0,
        OPEN Open = 1,
    }
}

zeroipc::open_enum! {
    enum ShapeTag: u32 {
        NONE = 0,
        CIRCLE = 1,
        LABEL = 2,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Circle {
    x: f64,
    #[shm(unit = "m")]
    radius: f64,
}

zeroipc::variant! {
    variant Shape: ShapeTag, size = 24, align = 8, payload = 8 {
        none = NONE,
        circle(Circle) = CIRCLE,
        label(FixedStr<12>) = LABEL,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Sample {
    wave: Complex<f64>,
    gains: [Complex<f32>; 2],
    level: F16,
    caps: Caps,
    valve: Valve,
    _pad_37: [u8; 3],
    shape: Shape,
}

/// Reads both records by the segment's own description, and writes the first into the third with another case.
const SCRIPT: &str = r#"
import sys
import numpy as np
from zeroipc import Array, Memory

samples = Array.open(Memory.open(sys.argv[1]), "samples")
dtype = samples.dtype
assert dtype.itemsize == 64, dtype
assert [dtype.fields[name][0].str for name in ("wave", "level", "caps", "valve")] == ["<c16", "<f2", "<u2", "|u1"], dtype
shape = dtype.fields["shape"][0]
assert shape.names == ("tag", "_pad_4", "circle", "label"), shape
assert [shape.fields[name][1] for name in ("tag", "circle", "label")] == [0, 8, 8], shape
one, two, three = samples
assert one["wave"] == 1.5 - 2j and one["gains"].tolist() == [1 + 2j, 3j], one
assert one["level"] == np.float16(0.1) and one["caps"] == 0x13 and one["valve"] == 1, one
assert one["shape"]["tag"] == 1 and one["shape"]["circle"].item() == (0.5, 2.5), one
assert two["shape"]["tag"] == 2 and two["shape"]["label"] == "wheel é".encode(), two
assert three.tobytes() == bytes(64)
samples[2] = samples[0]
assert samples[2].tobytes() == samples[0].tobytes()
samples["caps"][2] |= 4
samples["level"][2] = 65504
samples["wave"][2] *= 2
samples["shape"][2] = np.zeros((), shape)
samples["shape"]["label"][2] = b"left"
samples["shape"]["tag"][2] = 2
"#;

#[test]
fn records_of_every_kind_rust_to_python_and_back() {
    let Some(python) = std::env::var_os("ZEROIPC_PYTHON") else {
        eprintln!("skipped: there is no Python with NumPy; run `cargo xtask test`");
        return;
    };
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    let samples = Array::<Sample>::create(&memory, "samples", 3).unwrap();
    let one = Sample {
        wave: Complex::new(1.5, -2.0),
        gains: [Complex::new(1.0, 2.0), Complex::new(0.0, 3.0)],
        level: F16::from_f32(0.1),
        caps: Caps::READ | Caps::WRITE | Caps::from_bits(0x10),
        valve: ValveKind::Open.into(),
        _pad_37: [0; 3],
        shape: Shape::circle(Circle { x: 0.5, radius: 2.5 }),
    };
    samples.set(0, one);
    samples.set(1, Sample { shape: Shape::label(FixedStr::truncated("wheel é")), ..one });
    let output = Command::new(python).args(["-c", SCRIPT, &name]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = Sample {
        wave: Complex::new(3.0, -4.0),
        level: F16::MAX,
        caps: one.caps | Caps::from_bits(4),
        shape: Shape::label(FixedStr::truncated("left")),
        ..one
    };
    let written = samples.get(2).unwrap();
    assert_eq!(written, expected);
    assert_eq!(written.valve.known(), Some(ValveKind::Open));
    samples.set(0, expected);
    let bytes = std::fs::read(name.path()).unwrap();
    let structures = memory.structures().unwrap();
    let start = structures.iter().find(|info| info.name() == "samples").unwrap().offset() as usize + 8;
    assert_eq!(bytes[start..start + 64], bytes[start + 128..start + 192], "no byte but those of the values");
}
