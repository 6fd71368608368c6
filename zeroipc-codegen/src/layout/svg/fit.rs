//! How wide text is. Labels are set in the system's monospaced font, where every character of a name has one width.

use crate::layout::values::shortened;

/// The width of a character of 100 pixels: the widest of the usual fonts has 62, and a little air.
const CHARACTER: u32 = 63;

/// The pixels that a text takes at most. Characters that are not ASCII may be twice as wide.
pub(super) fn width(text: &str, font: u32) -> u32 {
    let units: u32 = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (units * CHARACTER * font).div_ceil(100)
}

/// The text, shortened to `pixels`; nothing where less than two letters and the dots would fit.
pub(super) fn fit(text: &str, pixels: u32, font: u32) -> Option<String> {
    if text.is_empty() || width(text, font) <= pixels {
        return (!text.is_empty()).then(|| text.to_owned());
    }
    (2..text.chars().count()).rev().map(|most| shortened(text, most)).find(|text| width(text, font) <= pixels).filter(
        // The dots count double, as they are not ASCII.
        |text| text.chars().count() >= 3,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shortened_to_its_box_or_left_out() {
        assert_eq!(fit("temperature", 200, 12).as_deref(), Some("temperature"));
        let short = fit("temperature", 50, 12).unwrap();
        assert!(short.ends_with('…') && short.starts_with("te") && width(&short, 12) <= 50, "{short}");
        assert_eq!(fit("temperature", 12, 12), None);
        assert_eq!(fit("", 100, 12), None);
    }
}
