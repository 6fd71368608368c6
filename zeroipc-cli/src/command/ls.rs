//! `zeroipc ls`: what segments there are, what is in one, what one structure's elements look like.

use std::io::Write;

use serde::Serialize;
use zeroipc::{Error, ErrorKind, Memory, StructureInfo, TableVersion};
use zeroipc_layout::name::Shown;

use crate::args::Ls;
use crate::exit::Failure;
use crate::layout::{self, Names, Row};
use crate::path::{self, Path};
use crate::render::write_json;
use crate::table::{Side, Table, thousands};

/// Enum values that are shown in a line.
const VALUES: usize = 32;

pub(crate) fn run(args: &Ls, out: &mut dyn Write) -> Result<(), Failure> {
    match Path::parse(&args.path)? {
        Path::Root => list_segments(args, out),
        Path::Segment(segment) => list_structures(&segment, args.json, out),
        Path::Structure { segment, name } => show_structure(&segment, &name, args.json, out),
    }
}

/// A segment, or why it is not read as one.
#[derive(Serialize)]
#[serde(untagged)]
enum Listed {
    Segment(Segment),
    Problem { name: String, problem: String },
}

#[derive(Serialize)]
struct Segment {
    name: String,
    size: u64,
    table_version: u32,
    /// The library's own entry left out, as in `table_size`.
    structures: u64,
    table_size: u64,
    free: u64,
    attachments: u64,
}

impl Segment {
    fn of(name: &str) -> Result<Segment, Error> {
        let memory = Memory::open_read_only(name)?;
        let own = u64::from(memory.has_records()?);
        Ok(Segment {
            name: name.to_owned(),
            size: memory.size(),
            table_version: if memory.table_version() == TableVersion::V2 { 2 } else { 1 },
            structures: memory.structures()?.len() as u64,
            table_size: u64::from(memory.table_size()) - own,
            free: memory.free()?,
            // This command does not count.
            attachments: memory.attachments()?.saturating_sub(1),
        })
    }
}

fn list_segments(args: &Ls, out: &mut dyn Write) -> Result<(), Failure> {
    let names = Memory::list()?;
    let listed: Vec<Listed> = names.iter().filter_map(|name| listed(name, args.all)).collect();
    if args.json {
        return listed.iter().try_for_each(|listed| Ok(write_json(listed, out)?));
    }
    let mut table = Table::new([
        ("NAME", Side::Left),
        ("SIZE", Side::Right),
        ("TABLE", Side::Left),
        ("STRUCTURES", Side::Right),
        ("FREE", Side::Right),
        ("ATTACHMENTS", Side::Right),
    ]);
    for listed in &listed {
        table.push(match listed {
            Listed::Segment(segment) => vec![
                Shown(&segment.name).to_string(),
                thousands(segment.size),
                format!("v{}", segment.table_version),
                format!("{}/{}", thousands(segment.structures), thousands(segment.table_size)),
                thousands(segment.free),
                thousands(segment.attachments),
            ],
            Listed::Problem { name, problem } => vec![Shown(name).to_string(), Shown(problem).to_string()],
        });
    }
    Ok(table.write(out)?)
}

/// What is said of a name in the directory; nothing of what is no segment, unless everything is asked for.
fn listed(name: &str, all: bool) -> Option<Listed> {
    let error = match Segment::of(name) {
        Ok(segment) => return Some(Listed::Segment(segment)),
        Err(error) => error,
    };
    let shown = match error.kind() {
        // It was removed since the directory was read.
        ErrorKind::NotFound => false,
        // It is a segment, and something is wrong with it.
        ErrorKind::Corrupt | ErrorKind::UnsupportedVersion => true,
        _ => all,
    };
    let message = error.to_string();
    let problem = message.strip_prefix(&format!("segment `{name}`: ")).unwrap_or(&message).to_owned();
    shown.then(|| Listed::Problem { name: name.to_owned(), problem })
}

/// One structure, as its entry and its record tell.
#[derive(Serialize)]
struct Structure {
    name: String,
    kind: String,
    element: Option<String>,
    element_size: Option<u64>,
    capacity: Option<u64>,
    offset: u64,
    size: u64,
}

impl Structure {
    fn of(info: &StructureInfo) -> Structure {
        Structure {
            name: info.name().to_owned(),
            kind: info.kind().to_string(),
            element: info.element().map(|element| element.to_string()),
            element_size: info.element().map(|element| element.size()),
            capacity: info.capacity(),
            offset: info.offset(),
            size: info.size(),
        }
    }
}

fn list_structures(segment: &str, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let structures: Vec<_> = path::open(segment)?.structures()?.iter().map(Structure::of).collect();
    if json {
        return structures.iter().try_for_each(|structure| Ok(write_json(structure, out)?));
    }
    let mut table = Table::new([
        ("NAME", Side::Left),
        ("KIND", Side::Left),
        ("ELEMENT", Side::Left),
        ("CAPACITY", Side::Right),
        ("OFFSET", Side::Right),
        ("BYTES", Side::Right),
    ]);
    for structure in structures {
        table.push(vec![
            Shown(&structure.name).to_string(),
            structure.kind,
            structure.element.unwrap_or_else(|| "-".to_owned()),
            structure.capacity.map_or_else(|| "-".to_owned(), thousands),
            thousands(structure.offset),
            thousands(structure.size),
        ]);
    }
    Ok(table.write(out)?)
}

/// A structure with what its elements look like.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    structure: Structure,
    layout_fingerprint: Option<String>,
    schema_fingerprint: Option<String>,
    fields: Vec<Row>,
    enums: Vec<Names<'a>>,
}

fn show_structure(segment: &str, name: &str, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let info = path::find(&path::open(segment)?, name)?;
    let element = info.element();
    let (layout, schema) = element.map(layout::fingerprints).map(|(a, b)| (hex(a), hex(b))).unzip();
    let detail = Detail {
        structure: Structure::of(&info),
        layout_fingerprint: layout,
        schema_fingerprint: schema,
        fields: element.map(layout::rows).unwrap_or_default(),
        enums: element.map(layout::enums).unwrap_or_default(),
    };
    if json { Ok(write_json(&detail, out)?) } else { write_detail(&detail, out) }
}

fn hex(fingerprint: u64) -> String {
    format!("{fingerprint:#018x}")
}

fn write_detail(detail: &Detail<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    let Detail { structure, layout_fingerprint, schema_fingerprint, fields, enums } = detail;
    let mut line = |label: &str, value: &str| writeln!(out, "{label:<9} {value}");
    line("name", &Shown(&structure.name).to_string())?;
    line("kind", &structure.kind)?;
    match (&structure.element, structure.element_size) {
        (Some(element), Some(size)) => line("element", &format!("{element}, {} bytes", thousands(size)))?,
        _ => line("element", "not recorded, or by a later release")?,
    }
    if let Some(capacity) = structure.capacity {
        line("capacity", &thousands(capacity))?;
    }
    line("offset", &thousands(structure.offset))?;
    line("bytes", &thousands(structure.size))?;
    if let (Some(layout), Some(schema)) = (layout_fingerprint, schema_fingerprint) {
        line("layout", layout)?;
        line("schema", schema)?;
    }
    if !fields.is_empty() {
        writeln!(out)?;
        write_fields(fields, out)?;
    }
    if !enums.is_empty() {
        writeln!(out)?;
    }
    for names in enums {
        writeln!(out, "{}", enum_line(names))?;
    }
    Ok(())
}

fn write_fields(fields: &[Row], out: &mut dyn Write) -> Result<(), Failure> {
    let mut table = Table::new([
        ("FIELD", Side::Left),
        ("OFFSET", Side::Right),
        ("SIZE", Side::Right),
        ("TYPE", Side::Left),
        ("UNIT", Side::Left),
    ]);
    for Row { field, offset, size, ty, unit } in fields {
        table.push(vec![
            field.as_ref().map_or_else(|| "(padding)".to_owned(), |field| Shown(field).to_string()),
            thousands(*offset),
            thousands(*size),
            ty.clone().unwrap_or_default(),
            unit.as_ref().map(|unit| Shown(unit).to_string()).unwrap_or_default(),
        ]);
    }
    Ok(table.write(out)?)
}

/// `Mode: u8 { IDLE = 0, RUN = 7 }`, with `closed` or `flags` in front where it is that.
fn enum_line(names: &Names<'_>) -> String {
    let shown = names.values.iter().take(VALUES).map(|named| format!("{} = {}", Shown(named.name), named.value));
    let mut values: Vec<String> = shown.collect();
    if names.values.len() > VALUES {
        values.push(format!("… {} more", names.values.len() - VALUES));
    }
    let name = if names.name.is_empty() { "enum" } else { names.name };
    let flavour = if names.flavour == "open" { String::new() } else { format!("{} ", names.flavour) };
    format!("{flavour}{}: {} {{ {} }}", Shown(name), names.number, values.join(", "))
}
