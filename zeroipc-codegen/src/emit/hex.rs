//! Bytes as two hexadecimal digits, without the machinery of formatting: a large schema describes itself in millions of
//! them.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends the two digits of a byte.
pub(super) fn push(out: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 0xF] {
        out.push(char::from(DIGITS[usize::from(digit)]));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_is_written_as_formatting_writes_it() {
        for byte in 0..=u8::MAX {
            let mut text = String::new();
            super::push(&mut text, byte);
            assert_eq!(text, format!("{byte:02x}"));
        }
    }
}
