//! Operations that wait by futures.

use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use zeroipc::{Memory, Queue, Result};
use zeroipc_tests::futures::{Bell, block_on, poll, threads_called};
use zeroipc_tests::sys::{self, Change};

use super::{Operation, await_line, queue, say, told};

/// Pops by a future.
pub(crate) fn pop(segment: &str) -> Operation {
    let (_memory, queue) = queue(segment);
    Box::new(move || told(block_on(queue.pop_async())))
}

/// Says that its future waits, is told to go on, and pops.
pub(crate) fn waits(segment: &str) -> Operation {
    let (_memory, queue) = queue(segment);
    Box::new(move || {
        let mut future = pin!(queue.pop_async());
        let (_, waker) = Bell::new();
        assert!(poll(future.as_mut(), &waker).is_pending());
        say("waits");
        await_line();
        told(block_on(future))
    })
}

/// Forks while a future waits. The child's futures need a thread of the child; the parent's go on.
pub(crate) fn fork(segment: &str) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<u64>::open(&memory, "q").expect("the queue opens");
    let answers = Queue::<u64>::open_or_create(&memory, "answers", 8).expect("a queue");
    Box::new(move || {
        let mut waits: Pin<Box<dyn Future<Output = Result<u64>>>> = Box::pin(queue.pop_async());
        let (bell, waker) = Bell::new();
        assert!(poll(waits.as_mut(), &waker).is_pending());
        let Some(child) = sys::fork().expect("forks") else {
            sys::alarm(60);
            // Whatever wakes a future of this process is a thread that is not there yet.
            assert_eq!(threads_called("zeroipc-reactor"), 0);
            // One that it inherits, and one of its own. Each says that it waits, and then what it has got.
            for future in [waits, Box::pin(queue.pop_async())] {
                let mut future = future;
                let (_, waker) = Bell::new();
                assert!(poll(future.as_mut(), &waker).is_pending());
                answers.push(0).expect("there is room");
                answers.push(block_on(future).expect("an element comes")).expect("there is room");
            }
            sys::exit_now(0);
        };
        // The child's are first: the parent's future is not polled meanwhile.
        for value in [10, 11] {
            let answer = || answers.pop_timeout(zeroipc_tests::DEADLINE).expect("the child answers");
            assert_eq!(answer(), 0);
            queue.push(value).expect("there is room");
            assert_eq!(answer(), value);
        }
        assert_eq!(sys::wait(child).expect("our child"), Change::Exited(0));
        queue.push(12).expect("there is room");
        assert!(bell.rang(0, Instant::now() + zeroipc_tests::DEADLINE), "the parent's future is not woken");
        told(block_on(waits))
    })
}

/// Waits where the system does not sleep on several words.
pub(crate) fn without_several_words(segment: &str) -> Operation {
    let (_memory, queue) = queue(segment);
    Box::new(move || {
        sys::forget_call(libc::SYS_futex_waitv).expect("a filter can be installed");
        for value in 0..20 {
            let mut future = pin!(queue.pop_async());
            let (bell, waker) = Bell::new();
            assert!(poll(future.as_mut(), &waker).is_pending());
            queue.push(value).expect("there is room");
            // Sooner than the look that any wait ends with.
            assert!(bell.rang(0, Instant::now() + Duration::from_millis(150)), "the rounds do not see a change");
            assert_eq!(block_on(future).expect("an element is there"), value);
        }
        "done".into()
    })
}
