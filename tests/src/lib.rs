//! Helpers for the tests that need two crates, two languages or two processes.
