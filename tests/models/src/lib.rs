//! Loom models of the lock-free kernels.
