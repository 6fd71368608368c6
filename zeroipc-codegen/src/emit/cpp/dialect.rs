//! What the statements in the helpers of a struct look like in C++.

use zeroipc_layout::Scalar;

use super::names;
use crate::case::snake;
use crate::emit::cfamily::{Dialect, leaf, text};
use crate::model::{Field, Literal, Schema, Struct, TypeId, TypeKind};

pub(super) struct Cpp;

impl Dialect for Cpp {
    fn field(&self, name: &str) -> String {
        format!("it.{name}")
    }

    fn index(&self) -> &'static str {
        "std::size_t"
    }

    fn value(&self, schema: &Schema, ty: TypeId, literal: &Literal) -> String {
        match (schema.types[leaf(schema, ty)].kind, literal) {
            (TypeKind::Enum(i), Literal::Int(value)) => names::named_value(&schema.enums[i], *value),
            (TypeKind::Scalar(scalar), Literal::Int(value)) => names::number(scalar, *value, false),
            (TypeKind::Scalar(scalar), Literal::Float(value)) => self.float(scalar, *value),
            (_, Literal::Bool(value)) => u8::from(*value).to_string(),
            _ => "{}".to_owned(),
        }
    }

    fn float(&self, scalar: Scalar, value: f64) -> String {
        names::float(scalar, value)
    }

    fn put_text(&self, place: &str, value: &str) -> Vec<String> {
        vec![format!("{}::set_text({place}, {});", names::LIBRARY, text(value))]
    }

    fn put_complex(&self, place: &str, scalar: Scalar, re: f64, im: f64) -> Vec<String> {
        let part = if scalar == Scalar::Complex64 { Scalar::F32 } else { Scalar::F64 };
        let [re, im] = [re, im].map(|value| names::float(part, value));
        vec![format!("{place} = {}({re}, {im});", names::scalar(scalar))]
    }

    fn put_struct(&self, schema: &Schema, i: usize, place: &str) -> String {
        let item = &schema.structs[i];
        let make = names::qualified(item.module.as_ref(), &format!("make_{}", snake(&item.name)));
        format!("{place} = {make}();")
    }

    fn constant(&self, _: &Schema, item: &Struct, field: &Field, part: &str) -> String {
        format!("{}::{}_{}", item.name, field.name, part.to_lowercase())
    }

    fn has(&self, _: &Schema, _: &Struct, field: &Field) -> String {
        format!("has_{}(it)", field.name)
    }

    fn half_order(&self, bits: &str) -> String {
        format!("{}::half_order({bits})", names::LIBRARY)
    }
}
