//! The structures. Each is one file: its bytes and states, its invariants, its orderings, what a crash leaves behind.
//!
//! | structure | operations | progress | when a participant dies |
//! |---|---|---|---|
//! | [`Array`](crate::Array) | all | wait-free | nothing is claimed, so nothing is left |
//! | [`Pool`](crate::Pool) | acquire, release, adopt | lock-free | its objects are free again |
//! | [`Queue`](crate::Queue) | push, pop | lock-free; a consumer waits for the producer of the next element | the unfinished push never happened |
//! | [`Channel`](crate::Channel) | send, receive, close | as a queue; a rendezvous waits for the taking | as in a queue; an offer stays to be taken; the last registered side closes |
//! | [`Once`](crate::Once), [`Lazy`](crate::Lazy) | call, force | done: wait-free; else waits for who runs it | the next one takes over, and is told |
//! | [`Future`](crate::Future) | set, get | setting is lock-free; a get waits | a promise is broken, and all are told |
//! | [`Select`](crate::Select) | wait | waits for the first of several | as with each alone |
//! | [`Ring`](crate::Ring) | push, pop, reserve, peek | wait-free, for one producer and one consumer | what was not published never happened, what was not released is read again |
//! | [`Stack`](crate::Stack) | push, pop, peek | lock-free | the unfinished push never happened, and its node is used again |
//! | [`Semaphore`](crate::Semaphore) | acquire, release | release is wait-free; an acquisition waits for a permit | a guard's permit comes back |
//! | [`Latch`](crate::Latch) | count down, wait | lock-free; a wait waits for zero | it has counted or not |
//! | [`Event`](crate::Event) | set, reset, wait | lock-free; a wait waits for a set | it is set or not |
//! | [`Mutex`](crate::Mutex) | lock | waits for the owner | the next owner is told, and takes it over |
//! | [`Condvar`](crate::Condvar) | wait, notify | a notification is lock-free | others look by themselves within 250 ms |
//! | [`RwLock`](crate::RwLock) | read, write | a reader waits for one writer at most, a writer for those who read | readers leave nothing; a writer leaves a mark, and all are told |
//! | [`Barrier`](crate::Barrier) | wait, join | arriving is lock-free; all wait for the last | an arrival counts; a missing member breaks the generation |
//! | [`Signal`](crate::Signal) | get, set, update | lock-free; a writer waits if three others are writing | the unfinished set never happened |
//! | [`Map`](crate::Map), [`Set`](crate::Set) | get, contains, iterate | lock-free | nothing is claimed, so nothing is left |
//! | | insert, update, remove | waits for writers of the same home | the change is done or never happened, and the next writer takes over |

pub(crate) mod array;
pub(crate) mod barrier;
pub(crate) mod barrier_kernel;
pub(crate) mod broadcast;
pub(crate) mod broadcast_kernel;
pub(crate) mod broadcast_sides;
pub(crate) mod channel;
pub(crate) mod channel_kernel;
pub(crate) mod condvar;
pub(crate) mod condvar_kernel;
pub(crate) mod event;
pub(crate) mod event_kernel;
pub(crate) mod future;
pub(crate) mod latch;
pub(crate) mod latch_kernel;
pub(crate) mod lazy;
pub(crate) mod map;
pub(crate) mod map_buckets;
pub(crate) mod map_kernel;
pub(crate) mod mapped;
pub(crate) mod mutex;
pub(crate) mod mutex_kernel;
pub(crate) mod once;
pub(crate) mod once_kernel;
pub(crate) mod outcome;
pub(crate) mod pool;
pub(crate) mod pool_kernel;
pub(crate) mod queue;
pub(crate) mod queue_kernel;
pub(crate) mod ring;
pub(crate) mod ring_kernel;
pub(crate) mod rwlock;
pub(crate) mod rwlock_kernel;
pub(crate) mod select;
pub(crate) mod semaphore;
pub(crate) mod semaphore_kernel;
pub(crate) mod set;
pub(crate) mod signal;
pub(crate) mod signal_kernel;
pub(crate) mod stack;
pub(crate) mod stack_kernel;
pub(crate) mod stream;
pub(crate) mod stream_adaptors;
pub(crate) mod stream_derived;
pub(crate) mod waiting;
