//! Types that fields can have: what is needed to place them and to write values of them.

use std::fmt::Write as _;

use super::Writer;

/// A type.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// As this file calls it.
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) sort: Sort,
    /// How many parts it has, roughly.
    pub(super) weight: usize,
}

/// What literals of a type look like.
#[derive(Clone, Debug)]
pub(super) enum Sort {
    Integer {
        bits: u32,
        signed: bool,
    },
    Float,
    Complex,
    Bool,
    Text(u64),
    /// An enum or flags, with the names of their values.
    Named {
        values: Vec<String>,
        flags: bool,
    },
    Array(Box<Known>, u64),
    Opaque,
}

impl Known {
    pub(super) fn opaque(name: String, size: u64, align: u64, weight: usize) -> Known {
        Known { name, size, align, sort: Sort::Opaque, weight }
    }
}

/// The numbers of the language.
pub(super) fn scalars() -> Vec<Known> {
    let known = |name: &str, size, align, sort| Known { name: name.to_owned(), size, align, sort, weight: 1 };
    let mut scalars = Vec::new();
    for bits in [8u32, 16, 32, 64] {
        let size = u64::from(bits / 8);
        scalars.push(known(&format!("u{bits}"), size, size, Sort::Integer { bits, signed: false }));
        scalars.push(known(&format!("i{bits}"), size, size, Sort::Integer { bits, signed: true }));
    }
    for (name, size) in [("f16", 2), ("f32", 4), ("f64", 8)] {
        scalars.push(known(name, size, size, Sort::Float));
    }
    scalars.push(known("complex64", 8, 4, Sort::Complex));
    scalars.push(known("complex128", 16, 8, Sort::Complex));
    scalars.push(known("bool8", 1, 1, Sort::Bool));
    scalars
}

impl Writer<'_> {
    /// A type of a field, a case or an alias.
    pub(super) fn random_type(&mut self) -> Known {
        let mut ty = match self.random.below(8) {
            0 => {
                let len = 1 + self.random.below(20) as u64;
                Known { sort: Sort::Text(len), ..Known::opaque(format!("str[{len}]"), len, 1, 1) }
            }
            1 => {
                let len = 1 + self.random.below(20) as u64;
                Known::opaque(format!("bytes[{len}]"), len, 1, 1)
            }
            _ => self.random.pick(&self.known).clone(),
        };
        while self.chance(4) && ty.size < 512 {
            let (written, count) = if self.chance(2) && !self.lengths.is_empty() {
                self.random.pick(&self.lengths).clone()
            } else {
                let count = 1 + self.random.below(5) as u64;
                (count.to_string(), count)
            };
            let name = format!("[{}; {written}]", ty.name);
            let (size, align, weight) = (ty.size * count, ty.align, ty.weight);
            ty = Known { name, size, align, sort: Sort::Array(Box::new(ty), count), weight };
        }
        ty
    }

    /// Another name for a type.
    pub(super) fn alias(&mut self) {
        let (ty, name) = (self.random_type(), self.name('T'));
        let unit = if self.chance(2) { " @unit(\"V\")" } else { "" };
        let _ = writeln!(self.text, "type {name} = {}{unit};", ty.name);
        self.know(Known { name, ..ty });
    }

    /// An open or closed enum, often with the ends of what its number can be.
    pub(super) fn enumeration(&mut self) {
        let (name, bits, signed) = (self.name('E'), *self.random.pick(&[8u32, 16, 32, 64]), self.chance(2));
        let (low, high) =
            if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) };
        let mut numbers = vec![0, 1 + self.random.below(100) as i128];
        if self.chance(2) {
            numbers.extend([high, low].into_iter().filter(|end| *end != 0));
        }
        let closed = if self.chance(3) { " @closed" } else { "" };
        let sign = if signed { 'i' } else { 'u' };
        let _ = writeln!(self.text, "enum {name}: {sign}{bits}{closed} {{");
        let mut values = Vec::new();
        for (index, number) in numbers.into_iter().enumerate() {
            let was = if self.chance(5) { format!(" @was(\"OLD_{index}\")") } else { String::new() };
            let _ = writeln!(self.text, "    /// A value.\n    VALUE_{index} = {number}{was},");
            values.push(format!("VALUE_{index}"));
        }
        let _ = writeln!(self.text, "}}");
        let size = u64::from(bits / 8);
        self.know(Known { sort: Sort::Named { values, flags: false }, ..Known::opaque(name, size, size, 1) });
    }

    pub(super) fn flags(&mut self) {
        let (name, bits) = (self.name('F'), *self.random.pick(&[8usize, 16, 32, 64]));
        let middle = 3 + self.random.below(bits - 4);
        let _ = writeln!(
            self.text,
            "flags {name}: u{bits} {{ NONE = 0, FIRST, SECOND, THIRD = bit {middle}, TOP = bit {}, ALL = FIRST | SECOND | TOP }}",
            bits - 1
        );
        let values = ["FIRST", "SECOND", "THIRD", "TOP", "ALL"].map(str::to_owned).to_vec();
        let size = bits as u64 / 8;
        self.know(Known { sort: Sort::Named { values, flags: true }, ..Known::opaque(name, size, size, 1) });
    }

    pub(super) fn variant(&mut self) {
        let (name, bits) = (self.name('V'), *self.random.pick(&[8u64, 16, 32, 64]));
        let tag = bits / 8;
        let (mut size, mut align, mut weight, mut body) = (0u64, tag, 1, String::new());
        for index in 0..1 + self.random.below(5) {
            let payload = if self.chance(4) { None } else { Some(self.random_type()) };
            let ty = payload.as_ref().map_or_else(String::new, |ty| format!(": {}", ty.name));
            let number = if self.chance(3) { format!(" = {}", 10 * (index + 1)) } else { String::new() };
            let was = if self.chance(5) { format!(" @was(\"old_{index}\")") } else { String::new() };
            let _ = writeln!(body, "    /// A case.\n    c{index}{ty}{number}{was},");
            if let Some(ty) = payload {
                (size, align, weight) = (size.max(ty.size), align.max(ty.align), weight + ty.weight);
            }
        }
        let start = if size == 0 { tag } else { tag.next_multiple_of(align) };
        let size = (start + size).next_multiple_of(align);
        let _ = writeln!(
            self.text,
            "/// A variant.\nvariant {name}: u{bits} {{\n{body}}}\nassert sizeof({name}) == {size};"
        );
        self.know(Known::opaque(name, size, align, weight));
    }
}
