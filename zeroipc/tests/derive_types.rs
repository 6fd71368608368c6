//! Our shareable types, also with bytes that another process has written.

use std::collections::HashSet;

use zeroipc::{Bool8, FixedStr, FixedStrError};

#[test]
fn text_fills_all_bytes_or_ends_at_the_first_nul() {
    let full = FixedStr::<4>::new("left").unwrap();
    assert_eq!((full.as_str(), full.len(), full.capacity()), (Ok("left"), 4, 4));
    let short = FixedStr::<4>::new("é").unwrap();
    assert_eq!((short.as_bytes(), short.is_empty()), ("é".as_bytes(), false));
    assert_eq!(bytemuck::bytes_of(&short), [0xc3, 0xa9, 0, 0]);
    assert_eq!(FixedStr::<4>::default(), "");
    assert!(FixedStr::<4>::EMPTY.is_empty());
}

#[test]
fn text_that_does_not_fit_is_refused_or_cut_between_characters() {
    assert_eq!(FixedStr::<4>::new("right"), Err(FixedStrError::TooLong { len: 5, max: 4 }));
    assert_eq!("a\0b".parse::<FixedStr<4>>(), Err(FixedStrError::ContainsNul { at: 1 }));
    let error = FixedStr::<4>::try_from("a\0b").unwrap_err();
    assert_eq!(error.to_string(), "the text contains a NUL at byte 1, and would end there");
    assert_eq!(FixedStr::<4>::truncated("aéé"), "aé");
    assert_eq!(FixedStr::<4>::truncated("a\0bcdef"), "a");
    assert_eq!(FixedStr::<1>::truncated("é"), "");
}

#[test]
fn foreign_bytes_are_no_panic() {
    let foreign: FixedStr<4> = bytemuck::cast([b'a', 0xff, 0, b'x']);
    assert!(foreign.as_str().is_err());
    assert_eq!(foreign.to_string_lossy(), "a\u{fffd}");
    assert_eq!(format!("{foreign:>4}|{foreign:?}"), "  a\u{fffd}|\"a\u{fffd}\"");
}

#[test]
fn what_lies_behind_the_nul_takes_part_in_nothing() {
    let (clean, dirty): (FixedStr<4>, FixedStr<4>) = (FixedStr::truncated("a"), bytemuck::cast(*b"a\0zz"));
    assert_eq!(clean, dirty);
    assert_eq!(clean.cmp(&dirty), std::cmp::Ordering::Equal);
    assert_eq!(HashSet::from([clean, dirty]).len(), 1);
    assert!(FixedStr::<4>::truncated("a") < FixedStr::truncated("b"));
    assert_eq!(clean, FixedStr::<9>::truncated("a"));
}

#[test]
fn every_byte_but_zero_is_true() {
    let truths: Vec<Bool8> = (0..=255).map(bytemuck::cast::<u8, Bool8>).collect();
    assert_eq!(truths.iter().filter(|truth| !truth.get()).count(), 1);
    assert!(truths[1..].iter().all(|truth| *truth == Bool8::TRUE && *truth == true && !bool::from(!*truth)));
    assert_eq!(truths.into_iter().collect::<HashSet<_>>().len(), 2);
    assert_eq!(format!("{:?} {}", Bool8::TRUE, Bool8::default()), "true false");
}

#[test]
fn constants_can_hold_them() {
    const READY: Bool8 = Bool8::new(true);
    const LABEL: FixedStr<8> = match FixedStr::new("wheel") {
        Ok(label) => label,
        Err(_) => panic!("the label fits"),
    };
    assert_eq!((READY.get(), LABEL.as_str()), (true, Ok("wheel")));
}
