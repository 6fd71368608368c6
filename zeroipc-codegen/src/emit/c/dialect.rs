//! What the statements in the helpers of a struct look like in C.

use zeroipc_layout::Scalar;

use super::names;
use crate::emit::cfamily::{Dialect, leaf, number, text};
use crate::model::{Field, Literal, Schema, Struct, TypeId, TypeKind};

pub(super) struct C;

impl Dialect for C {
    fn field(&self, name: &str) -> String {
        format!("it->{name}")
    }

    fn index(&self) -> &'static str {
        "size_t"
    }

    fn value(&self, schema: &Schema, ty: TypeId, literal: &Literal) -> String {
        match (schema.types[leaf(schema, ty)].kind, literal) {
            (TypeKind::Enum(i), Literal::Int(value)) => names::named_value(schema, &schema.enums[i], *value),
            (TypeKind::Scalar(scalar), Literal::Int(value)) => number(scalar, *value, false),
            (TypeKind::Scalar(scalar), Literal::Float(value)) => self.float(scalar, *value),
            (_, Literal::Bool(value)) => u8::from(*value).to_string(),
            _ => "0".to_owned(),
        }
    }

    fn float(&self, scalar: Scalar, value: f64) -> String {
        names::float(scalar, value)
    }

    fn put_text(&self, place: &str, value: &str) -> Vec<String> {
        vec![format!("memcpy({place}, {}, {});", text(value), value.len())]
    }

    fn put_complex(&self, place: &str, scalar: Scalar, re: f64, im: f64) -> Vec<String> {
        let part = if scalar == Scalar::Complex64 { Scalar::F32 } else { Scalar::F64 };
        let parts = [re, im].into_iter().enumerate();
        parts.map(|(i, value)| format!("{place}[{i}] = {};", names::float(part, value))).collect()
    }

    fn put_struct(&self, schema: &Schema, i: usize, place: &str) -> String {
        format!("{}_init(&{place});", names::structure(schema, i))
    }

    fn constant(&self, schema: &Schema, item: &Struct, field: &Field, part: &str) -> String {
        names::field_constant(schema, item, &field.name, part)
    }

    fn has(&self, schema: &Schema, item: &Struct, field: &Field) -> String {
        format!("{}_has_{}(it)", names::lower_name(schema, &item.name), field.name)
    }

    fn half_order(&self, bits: &str) -> String {
        format!("zeroipc_schema_half_order({bits})")
    }
}
