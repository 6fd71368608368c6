//! What may live in a segment: the trait that a shareable type implements.

use bytemuck::Pod;
use zeroipc_layout::{TypeDesc, fingerprint};

/// A type whose bytes mean the same in every process and language.
///
/// # Safety
/// `DESC` describes the type exactly.
pub unsafe trait ShmLayout: Pod {
    /// The type's description.
    const DESC: &'static TypeDesc<'static>;
    /// Fingerprint of the bytes.
    const LAYOUT_FINGERPRINT: u64 = fingerprint::layout(Self::DESC);
    /// Fingerprint of bytes and meaning.
    const SCHEMA_FINGERPRINT: u64 = fingerprint::schema(Self::DESC);
}
