//! Types of our own that a shared struct may hold.
