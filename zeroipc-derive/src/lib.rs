//! `#[derive(ShmLayout)]`.
