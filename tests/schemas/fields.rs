//! Fields and what they say beyond their type.

use super::Writer;
use super::types::{Known, Sort};

impl Writer<'_> {
    /// The line of a field at an offset.
    pub(super) fn field(&mut self, number: usize, ty: &Known, offset: u64) -> String {
        let mut line = format!("    /// A field.\n    f{number}: {}", ty.name);
        if self.chance(3)
            && let Some(literal) = self.literal(ty)
        {
            line.push_str(&format!(" = {literal}"));
        }
        if self.chance(4) {
            line.push_str(" @unit(\"m/s\")");
        }
        if self.chance(4) {
            line.push_str(&format!(" @offset({offset})"));
        }
        if self.chance(6) {
            line.push_str(&format!(" @was(\"old_{number}\")"));
        }
        if self.chance(8) {
            line.push_str(" @deprecated(\"no longer\") @since(\"1.0\")");
        }
        if self.chance(3) {
            line.push_str(&self.range(ty));
        }
        if self.chance(3) {
            line.push_str(&self.null(ty));
        }
        line.push_str(";\n");
        line
    }

    /// A value of a type; `None` for those that have no literals.
    fn literal(&mut self, ty: &Known) -> Option<String> {
        Some(match &ty.sort {
            Sort::Integer { bits, signed } => self.integer(*bits, *signed).to_string(),
            Sort::Float => self.float(),
            Sort::Complex => format!("[{}, {}]", self.float(), self.float()),
            Sort::Bool => self.chance(2).to_string(),
            Sort::Text(len) => {
                let text: String = "ä\\\"é x"
                    .chars()
                    .scan(0, |end, c| {
                        *end += c.len_utf8() as u64;
                        (*end <= *len).then_some(c)
                    })
                    .collect();
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
            Sort::Named { values, flags: true } if self.chance(2) => {
                format!("{} | {}", self.random.pick(values), self.random.pick(values))
            }
            Sort::Named { values, .. } => self.random.pick(values).clone(),
            Sort::Array(element, count) => {
                let values: Option<Vec<String>> = (0..*count).map(|_| self.literal(element)).collect();
                format!("[{}]", values?.join(", "))
            }
            Sort::Opaque => return None,
        })
    }

    /// Both ends, something small, something large.
    fn integer(&mut self, bits: u32, signed: bool) -> i128 {
        let (low, high) =
            if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) };
        match self.random.below(4) {
            0 => low,
            1 => high,
            2 => self.random.below(100) as i128,
            _ => low + i128::from(self.random.next()) % (high - low + 1),
        }
    }

    /// A number that each of the float types has.
    fn float(&mut self) -> String {
        match self.random.below(6) {
            0 => "nan".to_owned(),
            1 => "-inf".to_owned(),
            2 => "-0.0".to_owned(),
            _ => format!("{}.{}", self.random.below(2000), self.random.pick(&["0", "25", "5", "75"])),
        }
    }

    fn range(&mut self, ty: &Known) -> String {
        let mut leaf = ty;
        while let Sort::Array(element, _) = &leaf.sort {
            leaf = element;
        }
        match leaf.sort {
            Sort::Integer { bits, signed } => {
                let (one, other) = (self.integer(bits, signed), self.integer(bits, signed));
                format!(" @range({}, {})", one.min(other), one.max(other))
            }
            Sort::Float => format!(" @range(-{}.5, inf)", self.random.below(1000)),
            _ => String::new(),
        }
    }

    fn null(&mut self, ty: &Known) -> String {
        let value = match &ty.sort {
            Sort::Integer { .. } | Sort::Float | Sort::Named { flags: false, .. } => self.literal(ty),
            _ => None,
        };
        value.map_or_else(String::new, |value| format!(" @null({value})"))
    }
}
