//! `assert`: what a schema demands of itself.

use super::resolve::Resolver;
use crate::syntax::ast::{Compare, File, Item};
use crate::syntax::errors;

impl Resolver<'_> {
    pub(super) fn asserts(&mut self, file: &File) {
        for item in &file.items {
            let Item::Assert(assert) = item else { continue };
            let (left, right) = (self.value(&assert.left), self.value(&assert.right));
            let (Some(left), Some(right)) = (left, right) else { continue };
            let (holds, sign) = match assert.compare {
                Compare::Equal => (left == right, "=="),
                Compare::Unequal => (left != right, "!="),
                Compare::Less => (left < right, "<"),
                Compare::AtMost => (left <= right, "<="),
                Compare::Greater => (left > right, ">"),
                Compare::AtLeast => (left >= right, ">="),
            };
            if !holds {
                let text = assert.text.as_ref().map(|text| text.text.as_str());
                self.errors.push(errors::assertion_fails(assert, left, sign, right, text));
            }
        }
    }
}
