//! Operations of processes that fork without exec, or lose their descriptors.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use zeroipc::{Array, Memory, Queue};
use zeroipc_tests::sys::{self, Change};

use super::{Operation, await_line, say};

/// Forks; the child must have an id of its own and work with the inherited handles.
pub(crate) fn child_anchors(segment: &str) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<u64>::open(&memory, "q").expect("the queue opens");
    let array = Array::<u64>::open_or_create(&memory, "ids", 2).expect("an array");
    Box::new(move || {
        let parent = memory.id().expect("anchored").expect("it can write");
        let before = memory.attachments().expect("counts");
        let Some(child) = sys::fork().expect("forks") else {
            let mine = memory.id().expect("the child anchors").expect("it can write");
            assert_ne!(mine, parent);
            assert!(memory.is_alive(parent) && memory.is_alive(mine));
            assert_eq!(memory.attachments().expect("counts"), before + 1);
            array.store(0, u64::from(mine));
            queue.push(41).expect("the child pushes");
            sys::exit_now(0);
        };
        assert_eq!(sys::wait(child).expect("our child"), Change::Exited(0));
        let childs = array.load(0) as u32;
        assert!(!memory.is_alive(childs), "the child is gone");
        assert_eq!(memory.id().expect("anchored"), Some(parent), "the parent keeps its id");
        assert_eq!(memory.attachments().expect("counts"), before);
        assert_eq!(queue.pop().expect("pops"), 41);
        "done".into()
    })
}

/// Forks a child that outlives this process, which says both ids and is killed. The child then pushes and waits.
pub(crate) fn child_survives(segment: &str) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<u64>::open(&memory, "q").expect("the queue opens");
    Box::new(move || {
        let parent = memory.id().expect("anchored").expect("it can write");
        if sys::fork().expect("forks").is_some() {
            loop {
                sys::stop_self();
            }
        }
        // The watchdog of the parent does not come along.
        sys::alarm(60);
        let mine = memory.id().expect("the child anchors").expect("it can write");
        say(&format!("ids {parent} {mine}"));
        await_line();
        queue.push(u64::from(mine)).expect("the orphan pushes");
        say("pushed");
        await_line();
        "done".into()
    })
}

/// Closes every descriptor behind standard error and goes on.
pub(crate) fn close_all(segment: &str) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<u64>::open(&memory, "q").expect("the queue opens");
    Box::new(move || {
        sys::close_from(3);
        say(&format!("id {}", memory.id().expect("anchored").expect("it can write")));
        let other: u32 = await_line().parse().expect("an id");
        assert!(memory.is_alive(other), "a peer is said to be dead");
        // Behind what a dead process has claimed.
        queue.push(1).expect("pushes");
        let popped = queue.pop_timeout(zeroipc_tests::SOON);
        assert_eq!(popped.expect("a dead process is known to be dead"), 1);
        let created = Array::<u64>::create(&memory, "late", 4).map(|array| array.len());
        say(&super::told(created));
        await_line();
        drop((memory, queue));
        "done".into()
    })
}

/// Closes every descriptor and opens files of its own, which get the same numbers. Creating a structure must not
/// touch them, and verdicts and counts must be those of the segment.
pub(crate) fn close_all_then_create(segment: &str, scratch: &str) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let scratch = scratch.to_owned();
    Box::new(move || {
        sys::close_from(3);
        let content = vec![0x5a_u8; 1 << 20];
        let mut files = Vec::new();
        for number in 0..8 {
            let mut file = std::fs::OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(format!("{scratch}/{number}"))
                .expect("a file of ours");
            file.write_all(&content).expect("writes");
            files.push(file);
        }
        say(&format!("id {}", memory.id().expect("anchored").expect("it can write")));
        let other: u32 = await_line().parse().expect("an id");
        assert!(memory.is_alive(other), "a living peer is said to be dead");
        let created = Array::<u8>::create(&memory, "late", 300_000).map(|array| array.len());
        say(&super::told(created));
        for file in &mut files {
            let mut found = Vec::new();
            file.seek(SeekFrom::Start(0)).expect("seeks");
            file.read_to_end(&mut found).expect("reads");
            assert!(found == content, "a file that has nothing to do with the segment was changed");
        }
        say(&format!("count {}", memory.attachments().map_or(0, |count| count)));
        await_line();
        std::process::exit(0)
    })
}

/// Closes every descriptor, opens files of its own, and detaches with the wish to remove.
pub(crate) fn close_all_then_leave(segment: &str, scratch: &str) -> Operation {
    let memory = Memory::options().remove_on_last_detach(true).open(segment).expect("the segment opens");
    let scratch = scratch.to_owned();
    Box::new(move || {
        sys::close_from(3);
        let files: Vec<_> = (0..8)
            .map(|number| std::fs::File::create(format!("{scratch}/{number}")).expect("a file of ours"))
            .collect();
        drop(memory);
        // One of these was closed with the segment's number.
        std::mem::forget(files);
        "done".into()
    })
}
