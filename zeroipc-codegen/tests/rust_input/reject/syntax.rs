//! Rust that does not parse.
struct Pose {
    x: u8;
}
