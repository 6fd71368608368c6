//! Descriptions that a broken or hostile process may leave in a segment: never a panic, never a long wait.

use std::time::{Duration, Instant};

use zeroipc_layout::decode::Node;
use zeroipc_layout::encode::{TAG_ARRAY, TAG_ENUM, TAG_OPAQUE, TAG_SCALAR, TAG_STRUCT, encode, encoded_len};
use zeroipc_layout::limits::MAX_DESCRIPTION_LEN;
use zeroipc_layout::{Description, EnumDesc, EnumValue, Flavour, Scalar, TypeDesc, compare};

/// Far more than any of these takes, far less than anything quadratic would in a debug build.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fewer rounds where every instruction is interpreted.
const ROUNDS: u32 = if cfg!(miri) { 200 } else { 50_000 };

/// [xorshift](https://www.jstatsoft.org/article/view/v008i14): the same bytes in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("less than a usize")
    }
}

/// Looks at everything that a description offers.
fn visit(description: Description<'_>) -> usize {
    let seen = description.to_string().len() + usize::try_from(description.size()).expect("at most 2^30");
    seen + match description.node() {
        Node::Array { elem, .. } => visit(elem),
        Node::Enum(node) => node.values().map(|(_, name)| name.len()).sum(),
        Node::Struct(node) => node.fields().map(|field| field.name.len() + visit(field.ty)).sum(),
        _ => 0,
    }
}

fn quickly<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < PATIENCE, "{what} took {:?}", start.elapsed());
    result
}

/// Bytes that look like a description more often than chance allows.
fn likely(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(12) {
        match random.below(8) {
            0 => bytes.extend([TAG_SCALAR, 1 + random.next() as u8 % 15]),
            1 => bytes.extend([TAG_ARRAY, random.next() as u8 % 4, 0, 0, 0]),
            2 => bytes.extend([TAG_OPAQUE, random.next() as u8, random.next() as u8, 0, 0]),
            3 => {
                let (number, flavour) = (1 + random.next() as u8 % 8, random.next() as u8 % 4);
                bytes.extend([TAG_ENUM, number, flavour, 1, b'E', random.next() as u8 % 2, 0]);
            }
            4 => bytes.extend([TAG_STRUCT, 1, b'S', 16, 0, 0, 0, 4, 0, 0, 0, random.next() as u8 % 3, 0]),
            5 => bytes.extend([random.next() as u8 % 16, 0, 0, 0, 1, b'f', 0]),
            6 => bytes.extend((random.next() % 4).to_le_bytes()),
            _ => bytes.push(random.next() as u8),
        }
    }
    bytes
}

#[test]
fn arbitrary_bytes_are_read_without_a_panic() {
    let mut random = Random(0x5eed);
    let (mut accepted, mut last) = (0, vec![TAG_SCALAR, 1]);
    for _ in 0..ROUNDS {
        let bytes = likely(&mut random);
        let Ok(description) = Description::parse(&bytes) else { continue };
        visit(description);
        let other = Description::parse(&last).expect("it was accepted before");
        for result in [compare(description, other), compare(other, description)] {
            let _ = result.map_err(|difference| difference.to_string().len());
        }
        assert!(compare(description, description).is_ok(), "{bytes:?} differs from itself");
        accepted += 1;
        last = bytes;
    }
    assert!(accepted > ROUNDS / 100, "only {accepted} of {ROUNDS} were descriptions at all");
}

#[test]
fn the_longest_names_and_lists_of_an_enum_are_compared_quickly() {
    let count = u16::try_from((MAX_DESCRIPTION_LEN - 7) / 12).expect("fits the count");
    let list = |flavour: Flavour, first: i64, letter: u8| {
        let mut bytes = vec![TAG_ENUM, Scalar::I64.code(), flavour.code(), 0];
        bytes.extend(count.to_le_bytes());
        for i in 0..count {
            bytes.extend((first + i64::from(i)).to_le_bytes());
            bytes.extend([3, letter, b'0' + (i % 64) as u8, b'0' + (i / 64 % 64) as u8]);
        }
        bytes
    };
    // No number in common and no name either: each value of the one is looked for among all of the other.
    for flavour in [Flavour::Open, Flavour::Closed] {
        let (ours, theirs) = (list(flavour, 0, b'a'), list(flavour, 1 << 40, b'b'));
        quickly("comparing two enums", || {
            let ours = Description::parse(&ours).expect("a description");
            let theirs = Description::parse(&theirs).expect("a description");
            assert_eq!(compare(ours, theirs).is_ok(), flavour == Flavour::Open);
            assert_eq!(compare(theirs, ours).is_ok(), flavour == Flavour::Open);
            assert!(compare(ours, ours).is_ok());
        });
    }
}

#[test]
fn the_deepest_and_widest_structs_are_compared_quickly() {
    // Structs within structs, each with a scalar; the innermost holds as many fields of one byte as there is room for.
    let mut bytes = Vec::new();
    for _ in 0..30 {
        bytes.extend([TAG_STRUCT, 0, 255, 255, 255, 0, 1, 0, 0, 0, 2, 0]);
        bytes.extend([0, 0, 0, 0, 0, 0, TAG_SCALAR, 1]);
        bytes.extend([0, 0, 0, 0, 0, 0]);
    }
    bytes.extend([TAG_STRUCT, 0, 255, 255, 255, 0, 1, 0, 0, 0]);
    let count = u16::try_from((MAX_DESCRIPTION_LEN - bytes.len() - 2) / 8).expect("fits the count");
    bytes.extend(count.to_le_bytes());
    for _ in 0..count {
        bytes.extend([0, 0, 0, 0, 0, 0, TAG_SCALAR, 1]);
    }
    quickly("comparing deep structs", || {
        let description = Description::parse(&bytes).expect("a description");
        visit(description);
        assert!(compare(description, description).is_ok());
    });
}

#[test]
fn a_large_enum_in_any_order_is_encoded_quickly() {
    let values: Vec<_> = (0..3000).map(|i| EnumValue { name: "", value: (i * 7919) % 3001 }).collect();
    let ty = TypeDesc::Enum(Box::leak(Box::new(EnumDesc {
        name: "E",
        repr: Scalar::U16,
        flavour: Flavour::Open,
        values: values.leak(),
    })));
    quickly("encoding an enum", || {
        let mut bytes = vec![0; encoded_len(&ty).expect("it fits")];
        assert_eq!(encode(&ty, &mut bytes), Ok(bytes.len()));
        assert!(Description::parse(&bytes).is_ok());
    });
}

#[test]
fn a_name_from_a_segment_cannot_steer_the_terminal() {
    let named = |name: &[u8]| {
        let mut bytes = vec![TAG_STRUCT, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, name.len() as u8];
        bytes.extend(name);
        bytes.extend([0, TAG_SCALAR, Scalar::F32.code()]);
        bytes
    };
    let (ours, theirs) = (named(b"x"), named(b"\x1b[2J"));
    let ours = Description::parse(&ours).expect("a description");
    let difference = compare(ours, Description::parse(&theirs).expect("a description")).expect_err("another name");
    assert_eq!(difference.to_string(), r"field `x` at offset 0 is named `x` here and `\u{1b}[2J` in the segment");
}
