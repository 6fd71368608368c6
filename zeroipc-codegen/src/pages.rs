//! The page of each error code, for somebody who sees the error for the first time.

use crate::diagnostic::WARNINGS;

/// The texts below `pages/`, by the digits of their codes.
macro_rules! pages {
    ($($digits:literal)*) => {
        &[$(($digits, include_str!(concat!("../pages/ZIPC", $digits, ".md")))),*]
    };
}

const PAGES: &[(&str, &str)] = pages! {
    "0001" "0002" "0003" "0004" "0005" "0006" "0007" "0008" "0009" "0010"
    "0011" "0012" "0013" "0014" "0015" "0016" "0017" "0018" "0019" "0020"
    "0021" "0022" "0023" "0024" "0025" "0026" "0027" "0028" "0029" "0030"
    "0101" "0102" "0103" "0104" "0105" "0106" "0107" "0108" "0109" "0110" "0111" "0112" "0113"
    "0201" "0202" "0203" "0204" "0205" "0206" "0207" "0208"
    "0301" "0302"
    "04xx"
    "0501" "0502" "0503" "0504" "0505" "0506"
};

/// The page about a code, in Markdown: what is wrong, why it matters, an example of each, and how to fix it.
///
/// `code` is `ZIPC0101` as a message says it, in capitals or not, its number alone, or the name of a warning.
///
/// ```
/// let page = zeroipc_codegen::page("101").unwrap_or_default();
/// assert!(page.starts_with("# ZIPC0101: a hole between two fields\n"));
/// assert_eq!(zeroipc_codegen::page("zipc0101"), Some(page));
/// assert_eq!(zeroipc_codegen::page("padding-order"), zeroipc_codegen::page("ZIPC0503"));
/// assert_eq!(zeroipc_codegen::page("ZIPC9999"), None);
/// ```
pub fn page(code: &str) -> Option<&'static str> {
    let wanted = number(code).or_else(|| warning(code))?;
    // The changes that `breaking` tells share a page.
    let change = wanted.len() == 4 && wanted.starts_with("04");
    let wanted = if change { "04xx".to_owned() } else { wanted };
    PAGES.iter().find(|(digits, _)| *digits == wanted).map(|(_, text)| *text)
}

/// The titles of all pages, such as `ZIPC0101: a hole between two fields`, in the order of the codes.
pub fn page_titles() -> impl Iterator<Item = &'static str> {
    PAGES.iter().filter_map(|(_, text)| text.lines().next()).map(|line| line.trim_start_matches("# "))
}

/// Four digits, of a code that has at most as many.
fn number(code: &str) -> Option<String> {
    let prefix = code.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("ZIPC"));
    let digits = &code[prefix.map_or(0, str::len)..];
    let fits = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("{digits:0>4}"))
}

/// The four digits of the warning with this name.
fn warning(name: &str) -> Option<String> {
    let found = WARNINGS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
    found.map(|(code, _)| format!("{code:04}"))
}
