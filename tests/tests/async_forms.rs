//! Waits as futures: any executor, few threads, nothing lost when they are dropped, other processes, death and fork.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};
use std::time::{Duration, Instant};

use async_executor::Executor;
use futures_lite::FutureExt as _;
use zeroipc::{
    Barrier, Broadcast, Channel, Condvar, ErrorKind, Event, Future as Promised, Latch, Lazy, Memory, Mutex, Once, Pool,
    Queue, Result, Ring, RwLock, Semaphore, Signal, Stack, Stream,
};
use zeroipc_tests::actor::Script;
use zeroipc_tests::futures::{Bell, block_on, poll, threads_called, until_asleep};
use zeroipc_tests::names::Name;
use zeroipc_tests::rng::Rng;
use zeroipc_tests::{DEADLINE, SOON};

type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

const REACTOR: &str = "zeroipc-reactor";

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

fn memory() -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::options().table_size(2048).create(&name, 16 << 20).unwrap();
    (name, memory)
}

fn with_queue(capacity: u64) -> (Name, Memory, Queue<u64>) {
    let (name, memory) = memory();
    let queue = Queue::create(&memory, "q", capacity).unwrap();
    (name, memory, queue)
}

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn soon() -> Instant {
    Instant::now() + DEADLINE
}

#[test]
fn smoke() {
    let (_name, _memory, queue) = with_queue(2);
    block_on(async {
        queue.push_async(1).await.unwrap();
        queue.push_many_async(&[2]).await.unwrap();
        assert_eq!(queue.pop_async().await.unwrap(), 1);
        assert_eq!(queue.pop_many_async(&mut [0; 4]).await.unwrap(), 1);
        assert_eq!(queue.pop_many_async(&mut []).await.unwrap(), 0);
    });
}

#[test]
fn a_waiting_future_is_woken_and_not_before() {
    let (_name, _memory, queue) = with_queue(1);
    let mut pop = pin!(queue.pop_async());
    let (bell, waker) = Bell::new();
    assert!(poll(pop.as_mut(), &waker).is_pending());
    // Whoever polls for no reason changes nothing.
    assert!(poll(pop.as_mut(), &waker).is_pending());
    queue.push(5).unwrap();
    assert!(bell.rang(0, soon()));
    let Poll::Ready(value) = poll(pop.as_mut(), &waker) else { panic!("an element is there") };
    assert_eq!(value.unwrap(), 5);

    queue.push(6).unwrap();
    let mut push = pin!(queue.push_async(7));
    let (bell, waker) = Bell::new();
    assert!(poll(push.as_mut(), &waker).is_pending());
    assert_eq!(queue.pop().unwrap(), 6);
    assert!(bell.rang(0, soon()));
    assert!(poll(push.as_mut(), &waker).is_ready());
    assert_eq!(queue.pop().unwrap(), 7);
}

#[test]
fn the_last_waker_is_woken() {
    let (_name, _memory, queue) = with_queue(1);
    let mut pop = pin!(queue.pop_async());
    let ((_, first), (bell, second)) = (Bell::new(), Bell::new());
    assert!(poll(pop.as_mut(), &first).is_pending());
    assert!(poll(pop.as_mut(), &second).is_pending());
    queue.push(5).unwrap();
    assert!(bell.rang(0, soon()));
    assert!(poll(pop.as_mut(), &second).is_ready());
}

/// A future waits, and what it waits for wakes it.
fn woken<F: Future>(future: F, cause: impl FnOnce()) -> F::Output {
    let mut future = pin!(future);
    let (bell, waker) = Bell::new();
    assert!(poll(future.as_mut(), &waker).is_pending(), "it does not wait");
    cause();
    assert!(bell.rang(0, soon()), "it is not woken");
    block_on(future)
}

/// A future waits and is dropped.
fn dropped<F: Future>(future: F) {
    let (_, waker) = Bell::new();
    assert!(poll(pin!(future), &waker).is_pending(), "it does not wait");
}

#[test]
fn semaphore() {
    let (_name, memory) = memory();
    let semaphore = Semaphore::create(&memory, "s", 1).unwrap();
    let guard = block_on(semaphore.acquire_async()).unwrap();
    dropped(semaphore.acquire_async());
    dropped(semaphore.acquire_permit_async());
    drop(woken(semaphore.acquire_async(), || drop(guard)).unwrap());
    assert_eq!(semaphore.available().unwrap(), 1);
    block_on(semaphore.acquire_permit_async()).unwrap();
    woken(semaphore.acquire_permit_async(), || semaphore.release_permit().unwrap()).unwrap();
}

/// How long a thread sleeps that `cause` is to wake, which a future in front of it would have heard of: so many rounds. One
/// that nobody wakes sleeps for a quarter of a second.
fn slept_behind(rounds: u32, mut round: impl FnMut(&dyn Fn())) -> Duration {
    let start = Instant::now();
    let settled = || until_asleep(REACTOR);
    (0..rounds).for_each(|_| round(&settled));
    start.elapsed() / rounds
}

/// A wake for one goes to a future that is dropped before it hears of it.
#[test]
fn a_called_future_that_is_dropped_calls_another() {
    let (_name, memory) = memory();
    let semaphore = Semaphore::create(&memory, "s", 1).unwrap();
    let mean = slept_behind(20, |settled| {
        let guard = semaphore.acquire().unwrap();
        let mut called = Box::pin(semaphore.acquire_async());
        let (bell, waker) = Bell::new();
        assert!(poll(called.as_mut(), &waker).is_pending());
        settled();
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("zeroipc-behind".into());
            let thread = thread.spawn_scoped(scope, || drop(semaphore.acquire_timeout(DEADLINE).unwrap())).unwrap();
            until_asleep("zeroipc-behind");
            drop(guard);
            bell.rang(0, Instant::now() + SOON);
            drop(called);
            thread.join().unwrap();
        });
    });
    assert!(mean < Duration::from_millis(100), "{mean:?}");
}

#[test]
fn latch() {
    let (_name, memory) = memory();
    let latch = Latch::create(&memory, "l", 3).unwrap();
    dropped(latch.wait_async());
    latch.count_down().unwrap();
    woken(latch.arrive_and_wait_async(), || latch.count_down().unwrap()).unwrap();
    block_on(latch.wait_async()).unwrap();
}

#[test]
fn event() {
    let (_name, memory) = memory();
    let manual = Event::create(&memory, "manual").unwrap();
    woken(manual.wait_async(), || manual.set().map(drop).unwrap()).unwrap();
    block_on(manual.wait_async()).unwrap();
    let auto = Event::create_auto(&memory, "auto").unwrap();
    dropped(auto.wait_async());
    woken(auto.wait_async(), || auto.set().map(drop).unwrap()).unwrap();
    assert!(!auto.is_set());
}

#[test]
fn barrier() {
    let (_name, memory) = memory();
    let barrier = Barrier::create(&memory, "b", 2).unwrap();
    dropped(barrier.wait_async());
    assert_eq!(barrier.arrived().unwrap(), 0, "an arrival that was dropped counts");
    assert!(!woken(barrier.wait_async(), || assert!(barrier.wait().unwrap())).unwrap());
    let (mut first, mut second) = (barrier.join().unwrap(), barrier.join().unwrap());
    assert!(!woken(first.wait_async(), || assert!(block_on(second.wait_async()).unwrap())).unwrap());
}

#[test]
fn signal() {
    let (_name, memory) = memory();
    let signal = Signal::<u64>::create(&memory, "s").unwrap();
    let changed = woken(signal.wait_for_change_async(0), || assert_eq!(block_on(signal.set_async(7)).unwrap(), 1));
    assert_eq!(changed.unwrap(), (7, 1));
    assert_eq!(block_on(signal.update_async(|old| old + 1)).unwrap(), (8, 2));
}

#[test]
fn mutex_and_condvar() {
    let (_name, memory) = memory();
    let (mutex, condvar) = (Mutex::create(&memory, "m").unwrap(), Condvar::create(&memory, "c").unwrap());
    let guard = block_on(mutex.lock_async()).unwrap();
    dropped(mutex.lock_async());
    let guard = woken(mutex.lock_async(), || drop(guard)).unwrap();
    let guard = woken(condvar.wait_async(guard), || condvar.notify_one().unwrap()).unwrap();
    dropped(condvar.wait_async(guard));
    assert!(mutex.try_lock().unwrap().is_some(), "a wait that was dropped holds the lock");
    let mut rounds = 0;
    let guard = mutex.lock().unwrap();
    let condition = || {
        rounds += 1;
        rounds < 2
    };
    drop(woken(condvar.wait_while_async(guard, condition), || condvar.notify_all().unwrap()).unwrap());
}

/// A notification for one goes to a future that is dropped while it waits for the lock.
#[test]
fn a_notified_future_that_is_dropped_notifies_another() {
    let (_name, memory) = memory();
    let (mutex, condvar) = (Mutex::create(&memory, "m").unwrap(), Condvar::create(&memory, "c").unwrap());
    let mean = slept_behind(20, |settled| {
        let mut notified = Box::pin(condvar.wait_async(mutex.lock().unwrap()));
        let (bell, waker) = Bell::new();
        assert!(poll(notified.as_mut(), &waker).is_pending());
        settled();
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("zeroipc-behind2".into());
            let thread = thread.spawn_scoped(scope, || drop(condvar.wait(mutex.lock().unwrap()).unwrap())).unwrap();
            until_asleep("zeroipc-behind2");
            let guard = mutex.lock().unwrap();
            condvar.notify_one().unwrap();
            assert!(bell.rang(0, soon()));
            assert!(poll(notified.as_mut(), &waker).is_pending());
            drop(notified);
            drop(guard);
            thread.join().unwrap();
        });
    });
    assert!(mean < Duration::from_millis(100), "{mean:?}");
}

#[test]
fn rwlock() {
    let (_name, memory) = memory();
    let lock = RwLock::create(&memory, "r", 4).unwrap();
    let reading = block_on(lock.read_async()).unwrap();
    dropped(lock.write_async());
    drop(block_on(lock.read_async()).unwrap());
    let writing = woken(lock.write_async(), || drop(reading)).unwrap();
    dropped(lock.read_async());
    drop(woken(lock.read_async(), || drop(writing)).unwrap());
}

#[test]
fn channel() {
    let (_name, memory) = memory();
    let buffered = Channel::<u64>::create(&memory, "b", 1).unwrap();
    dropped(buffered.recv_async());
    assert_eq!(woken(buffered.recv_async(), || buffered.send(1).unwrap()).unwrap(), 1);
    block_on(buffered.send_async(2)).unwrap();
    dropped(buffered.send_async(3));
    woken(buffered.send_async(4), || assert_eq!(buffered.recv().unwrap(), 2)).unwrap();
    assert_eq!(block_on(buffered.recv_async()).unwrap(), 4);
    let closed = woken(buffered.recv_async(), || assert!(buffered.close().unwrap()));
    assert_eq!(closed.unwrap_err().kind(), ErrorKind::Closed);

    let rendezvous = Channel::<u64>::create(&memory, "r", 0).unwrap();
    dropped(rendezvous.send_async(1));
    assert_eq!(rendezvous.try_recv().unwrap(), None, "an offer that was dropped is there");
    woken(rendezvous.send_async(2), || assert_eq!(rendezvous.recv().unwrap(), 2)).unwrap();
    std::thread::scope(|scope| {
        let received = woken(rendezvous.recv_async(), || drop(scope.spawn(|| rendezvous.send(3).unwrap())));
        assert_eq!(received.unwrap(), 3);
    });
}

#[test]
fn stack_ring_and_pool() {
    let (_name, memory) = memory();
    let stack = Stack::<u64>::create(&memory, "s", 1).unwrap();
    dropped(stack.pop_async());
    assert_eq!(woken(stack.pop_async(), || stack.push(1).unwrap()).unwrap(), 1);
    block_on(stack.push_async(2)).unwrap();
    dropped(stack.push_async(3));
    woken(stack.push_async(4), || assert_eq!(stack.pop().unwrap(), 2)).unwrap();
    assert_eq!(block_on(stack.pop_async()).unwrap(), 4);

    let ring = Ring::<u64>::create(&memory, "r", 1).unwrap();
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    dropped(consumer.pop_async());
    assert_eq!(woken(consumer.pop_async(), || producer.push(1).unwrap()).unwrap(), 1);
    block_on(producer.push_async(2)).unwrap();
    dropped(producer.push_async(3));
    woken(producer.push_async(4), || assert_eq!(block_on(consumer.pop_async()).unwrap(), 2)).unwrap();
    drop(block_on(consumer.peek_async(1)).unwrap());
    assert_eq!(consumer.pop().unwrap(), 4);
    drop(block_on(producer.reserve_async(1)).unwrap());

    let pool = Pool::<u64>::create(&memory, "p", 1).unwrap();
    let guard = block_on(pool.acquire_async()).unwrap();
    dropped(pool.acquire_async());
    drop(woken(pool.acquire_async(), || drop(guard)).unwrap());
}

#[test]
fn once_and_lazy() {
    let (_name, memory) = memory();
    let (once, lazy) = (Once::create(&memory, "o").unwrap(), Lazy::<u64>::create(&memory, "l").unwrap());
    woken(once.wait_async(), || block_on(once.call_once_async(|| ())).unwrap()).unwrap();
    block_on(once.call_once_async(|| panic!("it has been called"))).unwrap();
    assert_eq!(woken(lazy.wait_async(), || assert_eq!(lazy.force(|| 5).unwrap(), 5)).unwrap(), 5);
    assert_eq!(block_on(lazy.force_async(|| 6)).unwrap(), 5);
    // While another computes it.
    let other = Lazy::<u64>::create(&memory, "other").unwrap();
    let computed = other.force(|| {
        dropped(other.force_async(|| 2));
        1
    });
    assert_eq!(computed.unwrap(), 1);
    assert_eq!(block_on(other.try_force_async(|| Err("no".into()))).unwrap(), 1);
}

#[test]
fn future() {
    let (_name, memory) = memory();
    let future = Promised::<u64>::create(&memory, "f").unwrap();
    dropped(future.get_async());
    assert_eq!(woken((&future).into_future(), || future.set_value(9).unwrap()).unwrap(), 9);
    assert_eq!(block_on(async { future.await }).unwrap(), 9);
    let broken = Promised::<u64>::create(&memory, "broken").unwrap();
    let promise = broken.promise().unwrap();
    let error = woken(broken.get_async(), || drop(promise)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OwnerDied);
}

#[test]
fn broadcast_and_stream() {
    let (_name, memory) = memory();
    let broadcast = Broadcast::<u64>::create(&memory, "b", 2, 2).unwrap();
    let mut producer = broadcast.producer().unwrap();
    let mut reader = broadcast.subscribe_from_now().unwrap();
    dropped(reader.recv_async());
    assert_eq!(woken(reader.recv_async(), || producer.publish(1).unwrap()).unwrap().value, 1);
    block_on(producer.publish_many_async(&[2, 3])).unwrap();
    dropped(producer.publish_async(4));
    let mut out = [0; 4];
    woken(producer.publish_async(4), || assert_eq!(block_on(reader.recv_many_async(&mut out)).unwrap().count, 2))
        .unwrap();
    assert_eq!((out[0], out[1], block_on(reader.recv_async()).unwrap().value), (2, 3, 4));

    let stream = Stream::<u64>::create(&memory, "s", 2, 2).unwrap();
    let mut producer = stream.producer().unwrap();
    let mut subscription = stream.subscribe().unwrap();
    assert_eq!(woken(subscription.next_async(), || producer.publish(1).unwrap()).unwrap(), Some(1));
    block_on(producer.publish_many_async(&[2, 3])).unwrap();
    woken(producer.publish_async(4), || assert_eq!(subscription.recv().unwrap(), 2)).unwrap();
    assert_eq!(block_on(subscription.recv_many_async(&mut out)).unwrap(), 2);
    assert_eq!(woken(subscription.next_async(), || producer.close()).unwrap(), None);
    assert_eq!(block_on(subscription.recv_async()).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn tokio_in_one_thread() {
    let (_name, _memory, queue) = with_queue(4);
    let back = Queue::<u64>::create(&_memory, "back", 4).unwrap();
    tokio().block_on(async {
        let echo = {
            let (queue, back) = (queue.clone(), back.clone());
            tokio::spawn(async move {
                for _ in 0..1000 {
                    back.push_async(queue.pop_async().await.unwrap() + 1).await.unwrap();
                }
            })
        };
        for number in 0..1000 {
            queue.push_async(number).await.unwrap();
            assert_eq!(back.pop_async().await.unwrap(), number + 1);
        }
        echo.await.unwrap();
    });
}

#[test]
fn tokio_in_several_threads() {
    let (_name, _memory, queue) = with_queue(8);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let producers: Vec<_> = (0..4_u64)
            .map(|who| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    for number in 0..500 {
                        queue.push_async(who * 1000 + number).await.unwrap();
                    }
                })
            })
            .collect();
        let consumers: Vec<_> = (0..4)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    let mut sum = 0;
                    for _ in 0..500 {
                        sum += queue.pop_async().await.unwrap();
                    }
                    sum
                })
            })
            .collect();
        for producer in producers {
            producer.await.unwrap();
        }
        let mut sum = 0;
        for consumer in consumers {
            sum += consumer.await.unwrap();
        }
        assert_eq!(sum, (0..4).map(|who| (0..500).map(|number| who * 1000 + number).sum::<u64>()).sum::<u64>());
    });
}

#[test]
fn smol_s_executor_and_timers() {
    let (_name, _memory, queue) = with_queue(2);
    let executor = Executor::new();
    let consumer = executor.spawn({
        let queue = queue.clone();
        async move {
            let mut values = Vec::new();
            for _ in 0..100 {
                values.push(queue.pop_async().await.unwrap());
            }
            values
        }
    });
    let sent: Vec<u64> = (0..100).collect();
    let received = async_io::block_on(executor.run(async {
        queue.push_many_async(&sent).await.unwrap();
        consumer.await
    }));
    assert_eq!(received, sent);

    let timed_out = async_io::block_on(async { Some(queue.pop_async().await) }.or(async {
        async_io::Timer::after(Duration::from_millis(5)).await;
        None
    }));
    assert!(timed_out.is_none());
    queue.push(1).unwrap();
    assert_eq!(queue.pop().unwrap(), 1);
}

/// A thousand words, eight threads.
#[test]
fn a_thousand_waits_need_few_threads() {
    let (_name, memory) = memory();
    let queues: Vec<Queue<u64>> =
        (0..1000).map(|number| Queue::create(&memory, &format!("q{number}"), 1).unwrap()).collect();
    let (bell, waker) = Bell::new();
    let mut waits: Vec<Waiting<'_, u64>> =
        queues.iter().map(|queue| -> Waiting<'_, u64> { Box::pin(queue.pop_async()) }).collect();
    for wait in &mut waits {
        assert!(poll(wait.as_mut(), &waker).is_pending());
    }
    // Other tests of this process may have a word there too, and a thread that starts has no name yet.
    let threads = threads_called(REACTOR);
    assert!((1..=10).contains(&threads), "{threads} threads sleep on 1000 words");
    for (number, queue) in queues.iter().enumerate() {
        queue.push(number as u64).unwrap();
    }
    for (number, mut wait) in waits.into_iter().enumerate() {
        loop {
            let rings = bell.rings();
            match poll(wait.as_mut(), &waker) {
                Poll::Ready(value) => break assert_eq!(value.unwrap(), number as u64),
                Poll::Pending => assert!(bell.rang(rings, soon()), "the future of queue {number} is not woken"),
            }
        }
    }
}

#[test]
fn a_thousand_tasks_wait_on_one_queue() {
    let (_name, _memory, queue) = with_queue(64);
    let sum = tokio().block_on(async {
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.pop_async().await.unwrap() })
            })
            .collect();
        // They wait first.
        tokio::task::yield_now().await;
        queue.push_many_async(&(0..1000).collect::<Vec<u64>>()).await.unwrap();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 999 * 1000 / 2);
    assert!(queue.is_empty().unwrap());
}

/// Futures that are dropped while elements come have taken none.
#[test]
fn dropped_futures_take_nothing_with_them() {
    let (_name, _memory, queue) = with_queue(4);
    let producer = queue.clone();
    let producer = std::thread::spawn(move || (0..2000).for_each(|number| producer.push(number).unwrap()));
    let mut random = Rng::new(7);
    let mut next = 0;
    while next < 2000 {
        let (_, waker) = Bell::new();
        let mut waits: Vec<Waiting<'_, u64>> =
            (0..1 + random.below(8)).map(|_| -> Waiting<'_, u64> { Box::pin(queue.pop_async()) }).collect();
        for wait in &mut waits {
            if let Poll::Ready(value) = poll(wait.as_mut(), &waker) {
                assert_eq!(value.unwrap(), next);
                next += 1;
            }
        }
    }
    producer.join().unwrap();
    assert!(queue.is_empty().unwrap());
}

/// The one that is not chosen is dropped each time.
#[test]
fn a_choice_of_two_loses_nothing() {
    let (_name, memory, left) = with_queue(2);
    let right = Queue::<u64>::create(&memory, "right", 2).unwrap();
    let threads = [(left.clone(), 0), (right.clone(), 1)].map(|(queue, side)| {
        std::thread::spawn(move || (0..500_u64).for_each(|number| queue.push(2 * number + side).unwrap()))
    });
    let mut seen = [0_u64; 2];
    tokio().block_on(async {
        while seen != [500, 500] {
            let choice = left.pop_async().or(right.pop_async());
            if let Ok(value) = tokio::time::timeout(Duration::from_millis(1), choice).await {
                let value = value.unwrap();
                assert_eq!(value / 2, seen[(value % 2) as usize]);
                seen[(value % 2) as usize] += 1;
            }
        }
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn timeouts_take_nothing() {
    let (_name, _memory, queue) = with_queue(1);
    tokio().block_on(async {
        assert!(tokio::time::timeout(Duration::from_millis(2), queue.pop_async()).await.is_err());
        queue.push(1).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(2), queue.push_async(2)).await.is_err());
        assert_eq!(queue.pop_async().await.unwrap(), 1);
        assert_eq!(queue.try_pop().unwrap(), None);
    });
}

#[test]
fn processes_wake_each_other() {
    let (name, _memory, queue) = with_queue(1);
    // Here the future, there the thread.
    let mut pop = Box::pin(queue.pop_async());
    let (bell, waker) = Bell::new();
    assert!(poll(pop.as_mut(), &waker).is_pending());
    actor("push", &name).args([8, 1]).start().expect("done ()");
    assert!(bell.rang(0, soon()));
    assert_eq!(block_on(pop).unwrap(), 8);

    // There the future.
    let mut waits = actor("wait-async", &name).start();
    waits.expect("waits");
    queue.push(9).unwrap();
    waits.send("go");
    waits.expect("done 9");
}

#[test]
fn a_dead_producer_holds_up_no_future() {
    for point in ["queue.push.claimed", "queue.push.written"] {
        let (name, _memory, queue) = with_queue(2);
        let mut pop = Box::pin(queue.pop_async());
        let (_, waker) = Bell::new();
        assert!(poll(pop.as_mut(), &waker).is_pending());
        actor("push", &name).args([100, 1]).kill_at(point, 1).start().wait_killed();
        queue.push_timeout(7, SOON).unwrap();
        let start = Instant::now();
        assert_eq!(block_on(pop).unwrap(), 7, "{point}");
        assert!(start.elapsed() < SOON, "{point}: {:?}", start.elapsed());
    }
}

#[test]
fn a_dead_waiter_takes_nothing() {
    let (name, _memory, queue) = with_queue(2);
    let mut waits = actor("wait-async", &name).start();
    waits.expect("waits");
    waits.kill();
    queue.push(3).unwrap();
    assert_eq!(queue.pop_timeout(SOON).unwrap(), 3);
}

#[test]
fn a_forked_child_has_a_thread_of_its_own() {
    let (name, _memory, _queue) = with_queue(4);
    let mut forks = actor("fork-async", &name).start();
    forks.expect("done 12");
    forks.wait_success();
}

#[test]
fn where_the_system_sleeps_on_one_word_there_are_rounds() {
    let (name, _memory, _queue) = with_queue(4);
    let mut rounds = actor("async-without-several-words", &name).start();
    rounds.expect("done");
}

/// A future that waits keeps the segment, and one that was dropped does not.
#[test]
fn a_dropped_future_lets_go_of_the_segment() {
    let name = Name::new();
    let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 20).unwrap();
    let queue = Queue::<u64>::create(&memory, "q", 1).unwrap();
    drop(memory);
    let mut pop = Box::pin(async move { queue.pop_async().await });
    let (_, waker) = Bell::new();
    assert!(poll(pop.as_mut(), &waker).is_pending());
    assert!(name.exists());
    drop(pop);
    assert!(!name.exists(), "somebody keeps the segment of a future that was dropped");
}

/// A future that is forgotten keeps the words that it waits for.
#[test]
fn a_forgotten_future_keeps_its_words() {
    let (name, memory, queue) = with_queue(1);
    let mut pop = Box::pin({
        let queue = queue.clone();
        async move { queue.pop_async().await }
    });
    let (bell, waker) = Bell::new();
    assert!(poll(pop.as_mut(), &waker).is_pending());
    std::mem::forget(pop);
    drop((queue, memory));
    actor("push", &name).args([1, 1]).start().expect("done ()");
    assert!(bell.rang(0, soon()));
}

struct Panics(AtomicUsize);

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::panic::resume_unwind(Box::new("a waker of the test"));
    }
}

#[test]
fn a_waker_that_panics_stops_no_other() {
    let (_name, memory, first) = with_queue(1);
    let second = Queue::<u64>::create(&memory, "second", 1).unwrap();
    let panics = Arc::new(Panics(AtomicUsize::new(0)));
    let mut bad = pin!(first.pop_async());
    assert!(poll(bad.as_mut(), &Waker::from(Arc::clone(&panics))).is_pending());
    let mut good = pin!(second.pop_async());
    let (bell, waker) = Bell::new();
    assert!(poll(good.as_mut(), &waker).is_pending());
    first.push(1).unwrap();
    let deadline = soon();
    while panics.0.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    second.push(2).unwrap();
    assert!(bell.rang(0, soon()));
    assert_eq!(block_on(good).unwrap(), 2);
}

#[test]
fn errors_come_through() {
    let (name, _memory, _queue) = with_queue(1);
    let reader = Memory::open_read_only(&name).unwrap();
    let queue = Queue::<u64>::open(&reader, "q").unwrap();
    assert_eq!(block_on(queue.pop_async()).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(block_on(queue.push_async(1)).unwrap_err().kind(), ErrorKind::ReadOnly);
}

/// What an executor with several threads needs, for every future of these.
#[test]
fn futures_can_be_sent() {
    fn sent<T: Send>(_: &T) {}
    let (_name, _memory, queue) = with_queue(1);
    sent(&queue.push_async(1));
    sent(&queue.pop_async());
    sent(&queue.push_many_async(&[1]));
    sent(&queue.pop_many_async(&mut [1]));
    let memory = &_memory;
    sent(&Semaphore::create(memory, "semaphore", 1).unwrap().acquire_async());
    sent(&Latch::create(memory, "latch", 1).unwrap().wait_async());
    sent(&Event::create(memory, "event").unwrap().wait_async());
    sent(&Barrier::create(memory, "barrier", 1).unwrap().wait_async());
    let signal = Signal::<u64>::create(memory, "signal").unwrap();
    sent(&signal.set_async(1));
    sent(&signal.update_async(|old| *old));
    sent(&signal.wait_for_change_async(0));
    let mutex = Mutex::create(memory, "mutex").unwrap();
    sent(&mutex.lock_async());
    sent(&Stack::<u64>::create(memory, "stack", 1).unwrap().pop_async());
    sent(&Ring::<u64>::create(memory, "ring", 1).unwrap().producer().unwrap().push_async(1));
    sent(&Ring::<u64>::open(memory, "ring").unwrap().consumer().unwrap().pop_async());
    sent(&Pool::<u64>::create(memory, "pool", 1).unwrap().acquire_async());
    let rwlock = RwLock::create(memory, "rwlock", 1).unwrap();
    sent(&rwlock.read_async());
    sent(&rwlock.write_async());
    let channel = Channel::<u64>::create(memory, "channel", 0).unwrap();
    sent(&channel.send_async(1));
    sent(&channel.recv_async());
    let condvar = Condvar::create(memory, "condvar").unwrap();
    sent(&condvar.wait_async(mutex.lock().unwrap()));
    sent(&Once::create(memory, "once").unwrap().call_once_async(|| ()));
    sent(&Lazy::<u64>::create(memory, "lazy").unwrap().force_async(|| 1));
    sent(&Promised::<u64>::create(memory, "future").unwrap().get_async());
    let stream = Stream::<u64>::create(memory, "stream", 2, 2).unwrap();
    sent(&stream.producer().unwrap().publish_async(1));
    sent(&stream.subscribe().unwrap().recv_async());
}
