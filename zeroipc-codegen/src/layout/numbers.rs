//! How numbers of bytes are written.

/// `1 byte`, `17 bytes`, `1,048,576 bytes (1 MiB)`.
pub(crate) fn bytes(count: u64) -> String {
    let unit = [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let whole = unit.into_iter().find(|(size, _)| count >= *size && count.is_multiple_of(*size));
    let plain = if count == 1 { "1 byte".to_owned() } else { format!("{} bytes", grouped(count)) };
    whole.map_or(plain.clone(), |(size, unit)| format!("{plain} ({} {unit})", grouped(count / size)))
}

/// With commas between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `4.2 %`; something small is never said to be nothing.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let permille = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    if permille == 0 && part > 0 { "<0.1 %".to_owned() } else { format!("{}.{} %", permille / 10, permille % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_grouped_and_have_a_unit_where_it_is_whole() {
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(1025), "1,025 bytes");
        assert_eq!(bytes(3 << 20), "3,145,728 bytes (3 MiB)");
        assert_eq!(bytes(1 << 56), "72,057,594,037,927,936 bytes (65,536 TiB)");
    }

    #[test]
    fn shares_do_not_overflow() {
        assert_eq!(share(u64::MAX, u64::MAX), "100.0 %");
        assert_eq!(share(1, 1 << 56), "<0.1 %");
        assert_eq!(share(0, 0), "0.0 %");
        assert_eq!(share(1, 3), "33.3 %");
    }
}
