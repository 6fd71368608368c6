//! The last one out, in a process that starts no others: a child that is forked in the moment of an attachment keeps its
//! anchor until it executes its program, which the documents say and which would make this test wait for others'.

use zeroipc::Memory;
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;

#[test]
fn two_that_leave_at_the_same_time_remove() {
    for _ in 0..count(100, 3000) {
        let name = Name::new();
        let options = Memory::options().remove_on_last_detach(true);
        let both = [options.create(&name, 1 << 14).unwrap(), options.open(&name).unwrap()];
        let barrier = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for memory in both {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    drop(memory);
                });
            }
        });
        assert!(!name.exists());
    }
}
