//! What was typed.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ColorChoice, Parser, Subcommand};
use zeroipc_layout::Scalar;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 not found or refused, 2 usage or trouble with the system.
A reader that closes the pipe early is no error.";

const LS_JSON: &str = "\
JSON, one object per line:
  /                   {name, size, table_version, structures, table_size, free, attachments} for a segment,
                      {name, problem} for what cannot be read as one
  /segment            {name, kind, element, element_size, capacity, offset, size}; null is not known
  /segment/structure  the same, and {layout_fingerprint, schema_fingerprint, fields, enums}; a field is {field, offset,
                      size, type, unit}, field and type are null where padding is
Fingerprints are computed from the recorded description.";

const CAT_JSON: &str = "\
JSON, one value per line: structs are objects, enums are their name or else their number, text is a string, opaque \
bytes are a string in hex, and floats that JSON has no number for are \"NaN\", \"inf\" and \"-inf\". How many elements \
were left out goes to the standard error.

An element that is written to meanwhile may be shown torn.";

/// Looks into shared memory: segments as directories, structures as files
///
/// Paths are `/`, `/segment` and `/segment/structure`. Nothing is ever changed.
#[derive(Debug, Parser)]
#[command(name = "zeroipc", version, color = ColorChoice::Never, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List segments, the structures of a segment, or what a structure's elements look like
    #[command(after_help = EXIT_CODES, after_long_help = format!("{LS_JSON}\n\n{EXIT_CODES}"))]
    Ls(Ls),
    /// Print the elements of an array, or those that wait in a queue, without taking them
    #[command(after_help = EXIT_CODES, after_long_help = format!("{CAT_JSON}\n\n{EXIT_CODES}"))]
    Cat(Cat),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ls {
    /// `/`, `/segment` or `/segment/structure`
    #[arg(default_value = "/", hide_default_value = true)]
    pub(crate) path: String,

    /// Also list what is no ZeroIPC segment or may not be opened, and say why
    #[arg(short, long)]
    pub(crate) all: bool,

    /// Print JSON, one object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Cat {
    /// `/segment/structure`
    pub(crate) path: String,

    /// Print the elements from A on up to B, without B; both ends may be left out
    #[arg(short, long, value_name = "A..B", value_parser = parse_span, conflicts_with = "all")]
    pub(crate) range: Option<Span>,

    /// Print all elements, and all that is nested in them, not only the first 20
    #[arg(short, long)]
    pub(crate) all: bool,

    /// What the elements of an array are, where no record says so
    #[arg(short = 't', long = "type", value_name = "TYPE", value_parser = scalars())]
    pub(crate) scalar: Option<Scalar>,

    /// Print JSON, one value per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The indices from `start` up to `end`, or to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
}

fn parse_span(text: &str) -> Result<Span, String> {
    let (start, end) = text.split_once("..").ok_or("write it as in `10..20`")?;
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| format!("`{digits}` is no index"));
    let start = if start.is_empty() { 0 } else { number(start)? };
    let end = if end.is_empty() { None } else { Some(number(end)?) };
    if end.is_some_and(|end| end <= start) {
        return Err("nothing lies between its ends; the first is the smaller one".to_owned());
    }
    Ok(Span { start, end })
}

fn scalars() -> impl TypedValueParser<Value = Scalar> {
    PossibleValuesParser::new(Scalar::ALL.map(Scalar::name))
        .try_map(|name| Scalar::from_name(&name).ok_or("no such type"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn spans() {
        assert_eq!(parse_span("3..7"), Ok(Span { start: 3, end: Some(7) }));
        assert_eq!(parse_span("..7"), Ok(Span { start: 0, end: Some(7) }));
        assert_eq!(parse_span("3.."), Ok(Span { start: 3, end: None }));
        for bad in ["", "3", "7..3", "3..3", "a..b", "-1..3", "0..18446744073709551616"] {
            assert!(parse_span(bad).is_err(), "`{bad}` was accepted");
        }
    }
}
