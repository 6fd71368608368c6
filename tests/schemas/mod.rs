//! Random schemas in the whole language: files that import each other, whose sizes and offsets are known beforehand.

mod fields;
mod types;

use std::fmt::Write as _;

use crate::generate::Random;
use types::Known;

/// One file.
pub(crate) struct File {
    /// The namespace, and the name without `.zipc`.
    pub(crate) stem: &'static str,
    pub(crate) text: String,
}

/// The files, each of which imports those before it, and how many structs it has.
const FILES: [(&str, usize); 3] = [("base", 30), ("middle", 30), ("chance", 140)];

/// All files; every type's name occurs once.
pub(crate) fn schemas(random: &mut Random) -> Vec<File> {
    let mut writer = Writer { random, known: types::scalars(), lengths: Vec::new(), text: String::new(), next: 0 };
    let mut files = Vec::new();
    for (index, (stem, structs)) in FILES.into_iter().enumerate() {
        writer.text = format!("//! Random types.\nzipc 1;\nnamespace {stem};\n");
        for (import, _) in &FILES[..index] {
            let _ = writeln!(writer.text, "import \"{import}.zipc\";");
        }
        let (known, lengths) = (writer.known.len(), writer.lengths.len());
        for number in 0..structs {
            // Two other things for each three structs.
            match number % 9 {
                0 => writer.constants(),
                1 => writer.enumeration(),
                2 => writer.flags(),
                4 => writer.variant(),
                6 | 7 => writer.alias(),
                _ => {}
            }
            writer.structure();
        }
        files.push(File { stem, text: std::mem::take(&mut writer.text) });
        // The other files call them by the file's name.
        for known in &mut writer.known[known..] {
            known.name = format!("{stem}.{}", known.name);
        }
        for (name, _) in &mut writer.lengths[lengths..] {
            *name = format!("{stem}.{name}");
        }
    }
    files
}

/// A file that is being written, and what can be used in it.
pub(crate) struct Writer<'a> {
    random: &'a mut Random,
    known: Vec<Known>,
    /// Constants that can be an array's length.
    lengths: Vec<(String, u64)>,
    text: String,
    /// The number in the next name.
    next: usize,
}

impl Writer<'_> {
    fn name(&mut self, letter: char) -> String {
        self.next += 1;
        format!("{letter}{}", self.next)
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.below(one_in) == 0
    }

    /// A constant of each kind, among them one that can be an array's length and is computed from another.
    fn constants(&mut self) {
        let (length, name) = (1 + self.random.below(6) as u64, self.name('C'));
        let (shift, plus) = (self.random.below(20), self.random.below(1000) as u64);
        let other = self.lengths.last().cloned();
        let value = match other {
            Some((other, known)) => {
                format!("({other} << {shift} >> {shift}) - {known} + {length} + {plus} - 0x{plus:X}")
            }
            None => format!("(~{plus} & 0 | {length}) ^ 0 * {plus}"),
        };
        let _ = writeln!(self.text, "/// A length.\nconst {name}: u32 = {value};\nassert {name} == {length};");
        self.lengths.push((name, length));
        let (float, text, truth) = (self.name('C'), self.name('C'), self.name('C'));
        let digits = self.random.next() % 1_000_000;
        let _ = writeln!(self.text, "const {float}: f64 = -{digits}.25e-3;");
        let _ = writeln!(self.text, "const {text}: str = \"{digits} \\\"ä\\\" \\\\\";");
        let _ = writeln!(self.text, "const {truth}: bool8 = {};", digits.is_multiple_of(2));
    }

    /// A struct, whose holes are reserved by hand or by the compiler.
    fn structure(&mut self) {
        let auto = self.chance(2);
        let (mut end, mut align, mut weight, mut body) = (0u64, 1u64, 1, String::new());
        for number in 0..1 + self.random.below(8) {
            let ty = self.random_type();
            let start = end.next_multiple_of(ty.align);
            if start > end && !auto {
                let _ = writeln!(body, "    reserved {};", start - end);
            }
            let field = self.field(number, &ty, start);
            body.push_str(&field);
            (end, align, weight) = (start + ty.size, align.max(ty.align), weight + ty.weight);
        }
        let raised = if self.chance(4) { align << self.random.below(4) } else { align };
        let size = end.next_multiple_of(raised);
        if size > end && !auto {
            let _ = writeln!(body, "    reserved {};", size - end);
        }
        let mut attributes = String::new();
        if raised > align {
            let _ = write!(attributes, " @align({raised})");
        }
        if auto {
            attributes.push_str(" @auto_pad");
        }
        if self.chance(3) {
            let _ = write!(attributes, " @size({size})");
        }
        let name = self.name('S');
        let _ = writeln!(self.text, "/// A struct.\nstruct {name}{attributes} {{\n{body}}}");
        let _ = writeln!(self.text, "assert sizeof({name}) == {size};\nassert alignof({name}) == {raised};");
        self.know(Known::opaque(name, size, raised, weight));
    }

    /// Only what is small can become a part of something else, so that nothing grows without end.
    fn know(&mut self, known: Known) {
        if known.size <= 2048 && known.weight <= 40 {
            self.known.push(known);
        }
    }
}
