//! `zeroipc cat`: the elements of a structure, by what is recorded of them.

use std::io::Write;

use zeroipc::{Array, Bool8, Complex, Error, F16, Memory, ShmLayout, StructureInfo, StructureKind};
use zeroipc_layout::{Description, Scalar, TypeDesc, encode};

use crate::args::{Cat, Span};
use crate::exit::Failure;
use crate::path::{self, Path};
use crate::render::{Value, write_json};
use crate::table::thousands;

/// How many elements are shown unless more are asked for.
const FIRST: u64 = 20;
/// About how many bytes are copied out of the segment at a time.
const CHUNK: u64 = 1 << 20;

pub(crate) fn run(args: &Cat, out: &mut dyn Write) -> Result<(), Failure> {
    let source = open(args)?;
    let element = source.element()?;
    let len = source.len()?;
    let (from, to) = source.bounds(args, len)?;
    let width = to.saturating_sub(1).to_string().len();
    source.visit(from, to, |index, bytes| {
        let value = Value::new(element, bytes, args.all);
        if args.json {
            return Ok(write_json(&value, out)?);
        }
        Ok(writeln!(out, "{index:>width$}  {value}")?)
    })?;
    if args.range.is_none() && to < len {
        tell_of_the_rest(len, to, args.json, out)?;
    }
    Ok(())
}

fn tell_of_the_rest(len: u64, to: u64, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let next = (to + FIRST).min(len);
    let note = format!("… {} more; see them with `--all` or `--range {to}..{next}`", thousands(len - to));
    if json {
        // Between the values it would be no JSON.
        eprintln!("zeroipc: {note}");
        return Ok(());
    }
    Ok(writeln!(out, "{note}")?)
}

/// Copies of at most so many elements from an index on.
type Read = Box<dyn Fn(u64, u64) -> Result<Vec<Vec<u8>>, Error>>;

/// Where elements come from.
struct Source {
    name: String,
    /// What the elements are, encoded.
    description: Vec<u8>,
    /// Elements that there is room for; unchecked before the first read.
    capacity: u64,
    /// Elements come and go: an index counts from the oldest one that is there.
    is_queue: bool,
    read: Read,
}

fn open(args: &Cat) -> Result<Source, Failure> {
    let (segment, name) = match Path::parse(&args.path)? {
        Path::Structure { segment, name } => (segment, name),
        Path::Segment(segment) => {
            let message =
                format!("`{segment}` is a segment; name one of its structures, `zeroipc ls {segment}` lists them");
            return Err(Failure::Trouble(message));
        }
        Path::Root => return Err(Failure::Trouble("`/` is no structure; name one as in `/segment/structure`".into())),
    };
    let memory = path::open(&segment)?;
    let info = path::find(&memory, &name)?;
    match args.scalar {
        Some(scalar) => typed(&memory, name, scalar),
        None => recorded(memory, info, &segment),
    }
}

/// Elements of which a record says what they are.
fn recorded(memory: Memory, info: StructureInfo, segment: &str) -> Result<Source, Failure> {
    let name = info.name().to_owned();
    if !matches!(info.kind(), StructureKind::Array | StructureKind::Queue | StructureKind::Unknown) {
        let kind = info.kind();
        let message = format!(
            "`{segment}/{name}` is a {kind}, and `cat` shows the elements of arrays and queues; `zeroipc ls {segment}/{name}` \
             tells what it holds"
        );
        return Err(Failure::Refused(message));
    }
    let (description, capacity) = match (info.element(), info.capacity()) {
        (Some(element), Some(capacity)) => (element.bytes().to_vec(), capacity),
        (Some(_), None) => {
            let message = format!("`{segment}/{name}` is of a kind that this release does not know; update ZeroIPC");
            return Err(Failure::Refused(message));
        }
        _ => {
            let message = format!(
                "`{segment}/{name}` has no record of what its elements are; if it is an array of numbers, say of which: \
                 `zeroipc cat --type f32 {segment}/{name}`"
            );
            return Err(Failure::Refused(message));
        }
    };
    let is_queue = info.kind() == StructureKind::Queue;
    let read: Read = Box::new(move |skip, limit| info.read(&memory, skip, limit));
    Ok(Source { name, description, capacity, is_queue, read })
}

/// Elements of which the user says what they are.
fn typed(memory: &Memory, name: String, scalar: Scalar) -> Result<Source, Failure> {
    match scalar {
        Scalar::U8 => array::<u8>(memory, name, scalar),
        Scalar::U16 => array::<u16>(memory, name, scalar),
        Scalar::U32 => array::<u32>(memory, name, scalar),
        Scalar::U64 => array::<u64>(memory, name, scalar),
        Scalar::I8 => array::<i8>(memory, name, scalar),
        Scalar::I16 => array::<i16>(memory, name, scalar),
        Scalar::I32 => array::<i32>(memory, name, scalar),
        Scalar::I64 => array::<i64>(memory, name, scalar),
        Scalar::F32 => array::<f32>(memory, name, scalar),
        Scalar::F64 => array::<f64>(memory, name, scalar),
        Scalar::Bool8 => array::<Bool8>(memory, name, scalar),
        Scalar::F16 => array::<F16>(memory, name, scalar),
        Scalar::Complex64 => array::<Complex<f32>>(memory, name, scalar),
        Scalar::Complex128 => array::<Complex<f64>>(memory, name, scalar),
        other => Err(Failure::Trouble(format!("this command cannot read {} yet", other.name()))),
    }
}

fn array<T: ShmLayout>(memory: &Memory, name: String, scalar: Scalar) -> Result<Source, Failure> {
    let array = Array::<T>::open(memory, &name)?;
    let description = encoded(scalar);
    let capacity = array.len() as u64;
    let read: Read = Box::new(move |skip, limit| {
        let values = (skip..capacity).take(limit as usize).map_while(|index| array.get(index as usize));
        Ok(values.map(|value| bytemuck::bytes_of(&value).to_vec()).collect())
    });
    Ok(Source { name, description, capacity, is_queue: false, read })
}

/// The description of a scalar.
fn encoded(scalar: Scalar) -> Vec<u8> {
    let ty = TypeDesc::Scalar(scalar);
    let mut bytes = vec![0; encode::encoded_len(&ty).unwrap_or(0)];
    // Should this fail, the bytes are no description, which is told when they are parsed.
    let _ = encode::encode(&ty, &mut bytes);
    bytes
}

impl Source {
    fn element(&self) -> Result<Description<'_>, Failure> {
        let name = &self.name;
        match Description::parse(&self.description) {
            Ok(element) if element.size() > 0 => Ok(element),
            Ok(_) => Err(Failure::Refused(format!("`{name}` has elements of 0 bytes; its record is damaged"))),
            Err(error) => Err(Failure::Refused(format!("`{name}`: {error}"))),
        }
    }

    /// How many elements there are.
    fn len(&self) -> Result<u64, Failure> {
        if !self.is_queue {
            return Ok(self.capacity);
        }
        let mut waiting = 0;
        self.visit(0, u64::MAX, |_, _| {
            waiting += 1;
            Ok(())
        })?;
        Ok(waiting)
    }

    /// The indices to show, of `len`.
    fn bounds(&self, args: &Cat, len: u64) -> Result<(u64, u64), Failure> {
        let Some(Span { start, end }) = args.range else {
            return Ok((0, if args.all { len } else { len.min(FIRST) }));
        };
        let last = end.unwrap_or(len);
        if start >= len || last > len {
            let range = format!("{start}..{}", end.map(|end| end.to_string()).unwrap_or_default());
            let has = if self.is_queue { "elements wait in it now" } else { "elements" };
            let message = format!("range `{range}` reaches beyond `{}`: {} {has}", self.name, thousands(len));
            return Err(Failure::Refused(format!("{message}; indices count from 0")));
        }
        Ok((start, last))
    }

    /// Hands out copies of the elements with the indices from `from` up to `to`, a part of them at a time.
    fn visit(
        &self,
        from: u64,
        to: u64,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let chunk = (CHUNK / self.element()?.size()).clamp(1, 4096);
        // What is being written into a queue is left out, so that an element's index says little about its place.
        let (mut place, mut index) = if self.is_queue { (0, 0) } else { (from, from) };
        loop {
            let wanted = chunk.min(to.saturating_sub(index));
            // Also when nothing is wanted, since the capacity is checked by it.
            let part = (self.read)(place, wanted)?;
            for bytes in part {
                if (from..to).contains(&index) {
                    each(index, &bytes)?;
                }
                index += 1;
            }
            place = place.saturating_add(wanted);
            if place >= self.capacity || index >= to {
                return Ok(());
            }
        }
    }
}
