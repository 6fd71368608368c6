//! The example runs, whatever the killed worker was doing.

use std::process::Command;

#[test]
fn every_job_is_answered() {
    for _ in 0..3 {
        let output = Command::new(env!("CARGO_BIN_EXE_zeroipc-example-workers")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("killed worker"), "{text}");
        assert!(text.ends_with("24 answers to 24 jobs, 2 desks free\n"), "{text}");
    }
}
