//! Where a path leads: all segments, a segment, or a structure in it.

use zeroipc::{ErrorKind, Memory, StructureInfo};
use zeroipc_layout::name::RESERVED_PREFIX;

use crate::exit::Failure;

/// A path in the virtual filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// `/`
    Root,
    /// `/segment`, as the segment is called.
    Segment(String),
    /// `/segment/structure`
    Structure {
        /// With its `/`.
        segment: String,
        /// What follows the second `/`; foreign names may contain more of them.
        name: String,
    },
}

impl Path {
    pub(crate) fn parse(text: &str) -> Result<Path, Failure> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(Failure::Trouble(format!("path `{text}` does not begin with `/`; did you mean `/{text}`?")));
        };
        Ok(match rest.split_once('/') {
            None if rest.is_empty() => Path::Root,
            None | Some((_, "")) => Path::Segment(text.trim_end_matches('/').to_owned()),
            Some((segment, name)) => Path::Structure { segment: format!("/{segment}"), name: name.to_owned() },
        })
    }
}

/// Opens a segment for reading.
pub(crate) fn open(segment: &str) -> Result<Memory, Failure> {
    Memory::open_read_only(segment).map_err(|error| {
        if error.kind() != ErrorKind::NotFound {
            return error.into();
        }
        let names = Memory::list().unwrap_or_default();
        let advice = advice(segment, "", names.iter().map(String::as_str), "list what there is with `zeroipc ls`");
        Failure::Refused(format!("there is no segment `{segment}`; {advice}"))
    })
}

/// Finds a structure of a segment.
pub(crate) fn find(memory: &Memory, name: &str) -> Result<StructureInfo, Failure> {
    let segment = memory.name();
    let mut structures = memory.structures()?;
    // Of several structures of one name, the first counts.
    if let Some(at) = structures.iter().position(|structure| structure.name() == name) {
        return Ok(structures.swap_remove(at));
    }
    if name.starts_with(RESERVED_PREFIX) {
        let message =
            format!("`{name}` in segment `{segment}` cannot be looked into; names with a `.` are the library's");
        return Err(Failure::Refused(message));
    }
    let otherwise = match structures.len() {
        0 => "it has none".to_owned(),
        _ => format!("list what there is with `zeroipc ls {segment}`"),
    };
    let prefix = format!("{segment}/");
    let advice = advice(name, &prefix, structures.iter().map(StructureInfo::name), &otherwise);
    Err(Failure::Refused(format!("segment `{segment}` has no structure `{name}`; {advice}")))
}

/// What to do about a name that leads nowhere: the nearest one, if it is near enough to be a slip.
fn advice<'a>(wanted: &str, prefix: &str, names: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    let near = names
        .map(|name| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, name)) => format!("did you mean `{prefix}{name}`?"),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Path {
        Path::parse(text).expect("the path is sound")
    }

    #[test]
    fn paths() {
        let structure = |segment: &str, name: &str| Path::Structure { segment: segment.into(), name: name.into() };
        assert_eq!(parsed("/"), Path::Root);
        assert_eq!(parsed("/sensors"), Path::Segment("/sensors".into()));
        assert_eq!(parsed("/sensors/"), Path::Segment("/sensors".into()));
        assert_eq!(parsed("/sensors/readings"), structure("/sensors", "readings"));
        assert_eq!(parsed("/sensors/a/b"), structure("/sensors", "a/b"));
        assert!(Path::parse("sensors").is_err() && Path::parse("").is_err());
    }

    #[test]
    fn only_slips_are_corrected() {
        let names = ["temperature", "pressure"];
        let near = |wanted| advice(wanted, "/s/", names.into_iter(), "nothing");
        assert_eq!(near("temprature"), "did you mean `/s/temperature`?");
        assert_eq!(near("Pressure"), "did you mean `/s/pressure`?");
        assert_eq!(near("humidity"), "nothing");
    }
}
