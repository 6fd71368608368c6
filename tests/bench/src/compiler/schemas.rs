//! One made-up project in three schema languages: the same structs, enums and documentation.

use std::fmt::Write as _;

/// A language that a schema is written in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    Zipc,
    FlatBuffers,
    Protobuf,
}

/// A scalar in each of them.
type Scalar = [&'static str; 3];

const SCALARS: [Scalar; 9] = [
    ["u64", "ulong", "uint64"],
    ["f32", "float", "float"],
    ["u32", "uint", "uint32"],
    ["f64", "double", "double"],
    ["u8", "ubyte", "uint32"],
    ["i32", "int", "int32"],
    ["i64", "long", "int64"],
    ["u16", "ushort", "uint32"],
    ["bool8", "bool", "bool"],
];

/// A field's type.
#[derive(Clone, Copy, Debug)]
enum Type {
    Scalar(Scalar),
    Array(Scalar, usize),
    Text(usize),
    Enum(usize),
    Struct(usize),
    Structs(usize, usize),
}

/// How many structs there are for one enum, and how many values an enum has.
const STRUCTS_OF_AN_ENUM: usize = 10;
const VALUES: usize = 6;

impl Language {
    /// The schema's file name.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Language::Zipc => "big.zipc",
            Language::FlatBuffers => "big.fbs",
            Language::Protobuf => "big.proto",
        }
    }

    /// The schema with so many structs.
    pub(crate) fn schema(self, structs: usize) -> String {
        let mut text = String::from(match self {
            Language::Zipc => "zipc 1;\nnamespace big;\n",
            Language::FlatBuffers => "namespace big;\n",
            Language::Protobuf => "syntax = \"proto3\";\npackage big;\n",
        });
        for index in 0..structs.div_ceil(STRUCTS_OF_AN_ENUM) {
            text.push_str(&self.enumeration(index));
        }
        for index in 0..structs {
            text.push_str(&self.structure(index));
        }
        text
    }

    fn enumeration(self, index: usize) -> String {
        let mut text = match self {
            Language::Zipc => format!("\n/// What part {index} does.\nenum Mode{index}: u8 {{\n"),
            Language::FlatBuffers => format!("\n/// What part {index} does.\nenum Mode{index} : ubyte {{\n"),
            Language::Protobuf => format!("\n// What part {index} does.\nenum Mode{index} {{\n"),
        };
        for value in 0..VALUES {
            // In protobuf the values of all enums of a file share one scope.
            let _ = match self {
                Language::Zipc | Language::FlatBuffers => writeln!(text, "    STATE_{value} = {value},"),
                Language::Protobuf => writeln!(text, "    MODE{index}_STATE_{value} = {value};"),
            };
        }
        text.push_str("}\n");
        text
    }

    fn structure(self, index: usize) -> String {
        let (comment, head) = match self {
            Language::Zipc => ("///", format!("struct Part{index} @auto_pad {{\n")),
            Language::FlatBuffers => ("///", format!("struct Part{index} {{\n")),
            Language::Protobuf => ("//", format!("message Part{index} {{\n")),
        };
        let mut text = format!("\n{comment} Part number {index} of the machine.\n{head}");
        for field in 0..fields(index) {
            let _ = writeln!(text, "    {comment} What sensor {field} of it says.");
            let _ = writeln!(text, "    {}", self.field(field, field_type(index, field)));
        }
        text.push_str("}\n");
        text
    }

    fn field(self, number: usize, ty: Type) -> String {
        let name = format!("value_{number}");
        let place = self as usize;
        match self {
            Language::Zipc => match ty {
                Type::Scalar(scalar) => format!("{name}: {};", scalar[place]),
                Type::Array(scalar, len) => format!("{name}: [{}; {len}];", scalar[place]),
                Type::Text(len) => format!("{name}: str[{len}];"),
                Type::Enum(index) => format!("{name}: Mode{index};"),
                Type::Struct(index) => format!("{name}: Part{index};"),
                Type::Structs(index, len) => format!("{name}: [Part{index}; {len}];"),
            },
            Language::FlatBuffers => match ty {
                Type::Scalar(scalar) => format!("{name}: {};", scalar[place]),
                Type::Array(scalar, len) => format!("{name}: [{}:{len}];", scalar[place]),
                Type::Text(len) => format!("{name}: [ubyte:{len}];"),
                Type::Enum(index) => format!("{name}: Mode{index};"),
                Type::Struct(index) => format!("{name}: Part{index};"),
                Type::Structs(index, len) => format!("{name}: [Part{index}:{len}];"),
            },
            Language::Protobuf => {
                let ty = match ty {
                    Type::Scalar(scalar) => scalar[place].to_owned(),
                    Type::Array(scalar, _) => format!("repeated {}", scalar[place]),
                    Type::Text(_) => "string".to_owned(),
                    Type::Enum(index) => format!("Mode{index}"),
                    Type::Struct(index) => format!("Part{index}"),
                    Type::Structs(index, _) => format!("repeated Part{index}"),
                };
                format!("{ty} {name} = {};", number + 1)
            }
        }
    }
}

/// 6 to 12 fields.
const fn fields(index: usize) -> usize {
    6 + index * 5 % 7
}

/// Structs lie in one another at most three deep: every fourth holds none, every fourth any of the others.
fn field_type(index: usize, field: usize) -> Type {
    let scalar = SCALARS[(index * 3 + field * 7) % SCALARS.len()];
    let len = 2 + (index + field) % 7;
    match ((index + field * 3) % 10, index % 4) {
        (0, _) => Type::Array(scalar, len),
        (1, _) => Type::Text(8 * len),
        (2 | 3, _) => Type::Enum(index / STRUCTS_OF_AN_ENUM),
        (4, 1 | 2) => Type::Struct(index - index % 4),
        (5, 1 | 2) => Type::Structs(index - index % 4, len),
        (4, 3) => Type::Struct(index - 1),
        (5, 3) => Type::Structs(index - 2, 2),
        _ => Type::Scalar(scalar),
    }
}
