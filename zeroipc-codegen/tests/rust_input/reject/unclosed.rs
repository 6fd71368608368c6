//! A bracket without an end.
struct A {
