//! The algorithm of the stack, on words that may lie in a mapping or, for a model, on the heap.
//!
//! A list of nodes whose head, `top`, carries a tag
//! ([Treiber](https://dominoweb.draco.res.ibm.com/58319a2ed2b1078985257003004617ef.html)). What is new is that a crash leaks
//! nothing: a pop does not unlink its node but **marks** it in `top`, in one CAS; the node stays attached until the next
//! operation that changes `top`, which takes it over or lets it go.
//!
//! ```text
//!  top: (a, live, t) ──pop──▶ (a, popped, t+1) ──pop──▶ (b, popped, t+2)        b is below a
//!                                   ├──push of a itself──▶ (a, live, t+2)
//!                                   └──push of n─────────▶ (n, live, t+2)       n takes a's place
//!
//!  node: FREE(s) ──claim──▶ OWNED(me, t) ──settle, when covered──▶ LINKED(t)
//!           ▲                  ▲  │             (a popped node)      │  │
//!           │                  └──┼── claim, recover ◀───────────────┼──┘
//!           └──settle, when let go┴──────────────────────────────────┘
//! ```
//!
//! A stamp is the tag that `top` had when its node was claimed, or when it was let go. Invariants:
//! - **I1** The tag grows by one whenever `top` names another node or another mark. Only waiters change `top` without it.
//! - **I2** A node below another is LINKED. So an OWNED node is attached (named by `top`), or linked nowhere.
//! - **I3** The attached node is let go only when it is FREE(t), or OWNED(p, t) with t the tag of that popped `top`: then it is
//!   p's, who has claimed it where it stood.
//! - **I4** A node's link changes only while it is not attached and its state names who changes it.
//! - **I5** Only the owner links an OWNED node, unless it is dead: then it was linked, and is attached, or it never will be.
//!
//! I2 holds because a push over a live node settles it first, and I3 because whoever lets a popped node go settles it first; both
//! by a CAS from exactly the state that was seen while `top` had that tag. From I2, I3 and I5 follows what a dead
//! process has left: a node in OWNED(dead, …) that is not attached belongs to nobody; an attached one is an element if it is
//! live, and free if it is popped.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `top` | every CAS of [`Kernel::swing`] | every load of `top`, and those CASes | the node's value and link, and all that was linked before |
//! | `state` | every CAS of a state | every load and CAS of a state | the tag of `top` that the one who changed it had seen |
//! | `mine` | the fence of [`Kernel::own`] | the fence of [`Kernel::is_still`] | to who has copied words of a new owner: that `top` has changed |
//!
//! *A value is whole.* A pop copies it between a load of `top` and its CAS. A claim that overwrites it comes behind the mark of
//! another pop, or behind a change of `top`, and has acquired it. If the pop's CAS succeeds it stands before that change and
//! releases what it read. So a copied word is never a later owner's; and a link, read between the same two, neither.
//!
//! *States are not stale.* A state that is loaded after `top`, and before `top` is seen unchanged, is what the node had under
//! that tag: who changes it after has acquired a later tag, and releases it with the state (`state`).
//!
//! *Tags come back* after 2^37 operations on one stack, more than half an hour at 60 million a second. It matters to a process that was
//! stopped between its look and its CAS for all of that, if it goes on when the same node stands there with the same tag: one
//! chance in 2^37 for each such stop.
//!
//! A dying push leaves its node to I5, or its element; a dying pop leaves nothing; a dying waiter leaves a wait bit, which costs one
//! wake; a waker that dies before it wakes delays the sleepers to their next look, 250 ms at most.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::stack::{
    LINK_BITS, NODE_FREE, NODE_LINKED, NODE_OWNED, NODE_OWNER_BITS, NODE_OWNER_SHIFT, NODE_STAMP_SHIFT, NODE_TAG_MASK,
    STACK_NODE_SHIFT, STACK_POP_WAITS, STACK_POPPED, STACK_PUSH_WAITS, STACK_TAG_BITS, STACK_TAG_SHIFT,
};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, fence};

const TAG_MASK: u64 = (1 << STACK_TAG_BITS) - 1;
const OWNER_MASK: u64 = (1 << NODE_OWNER_BITS) - 1;
const LINK_MASK: u64 = (1 << LINK_BITS) - 1;
const WAITS: u64 = STACK_POP_WAITS | STACK_PUSH_WAITS;

/// Where a stack's words are.
pub(crate) trait Nodes {
    /// How many nodes there are.
    fn capacity(&self) -> u32;
    fn top(&self) -> &AtomicU64;
    /// The state of a node; `index < capacity`.
    fn state(&self, index: u32) -> &AtomicU64;
    /// The link of a node; `index < capacity`.
    fn link(&self, index: u32) -> &AtomicU64;
    /// Where a push of this process begins to look for a free node.
    fn cursor(&self) -> u32;
    /// Says where to begin to look next.
    fn set_cursor(&self, index: u32);
}

/// What `top` says. The number of its node was checked.
#[derive(Clone, Copy, Debug)]
struct Top(u64);

impl Top {
    fn tag(self) -> u64 {
        self.0 >> STACK_TAG_SHIFT & TAG_MASK
    }

    /// The attached node's number, from 1; 0 is none.
    fn number(self) -> u32 {
        (self.0 >> STACK_NODE_SHIFT) as u32
    }

    /// The attached node.
    fn node(self) -> Option<u32> {
        self.number().checked_sub(1)
    }

    fn is_popped(self) -> bool {
        self.0 & STACK_POPPED != 0
    }

    fn is_attached(self, index: u32) -> bool {
        self.node() == Some(index)
    }

    /// What `top` becomes when it names this node, with this mark; the waiters in `served` will be woken.
    fn next(self, index: u32, mark: u64, served: u64) -> u64 {
        let tag = (self.tag() + 1) & TAG_MASK;
        (u64::from(index) + 1) << STACK_NODE_SHIFT | tag << STACK_TAG_SHIFT | mark | self.0 & WAITS & !served
    }
}

/// What a node's state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free(u64),
    Owned(u32, u64),
    Linked(u64),
}

pub(crate) fn free(stamp: u64) -> u64 {
    NODE_FREE | stamp << NODE_STAMP_SHIFT
}

fn owned(owner: u32, stamp: u64) -> u64 {
    NODE_OWNED | u64::from(owner) << NODE_OWNER_SHIFT | stamp << NODE_STAMP_SHIFT
}

fn linked(stamp: u64) -> u64 {
    NODE_LINKED | stamp << NODE_STAMP_SHIFT
}

/// Reads a node's state; `None` if no peer could have written it.
pub(crate) fn decode(word: u64) -> Option<State> {
    let stamp = word >> NODE_STAMP_SHIFT;
    match word & NODE_TAG_MASK {
        NODE_FREE => Some(State::Free(stamp)),
        NODE_OWNED => Some(State::Owned((word >> NODE_OWNER_SHIFT & OWNER_MASK) as u32, stamp)),
        NODE_LINKED => Some(State::Linked(stamp)),
        _ => None,
    }
}

/// What a link says: the node below, and the depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    /// From 1; 0 is none.
    below: u32,
    depth: u32,
}

impl Link {
    const BOTTOM: Link = Link { below: 0, depth: 1 };

    fn of(word: u64) -> Link {
        Link { below: (word & LINK_MASK) as u32, depth: (word >> LINK_BITS & LINK_MASK) as u32 }
    }

    fn word(self) -> u64 {
        u64::from(self.below) | u64::from(self.depth) << LINK_BITS
    }
}

/// Why an operation cannot go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There is no element; `top` has to become another than this word.
    Empty(u64),
    /// Every node holds an element; `top` has to become another than this word.
    Full(u64),
    /// Every node holds an element or is held by a push that has not ended; `top` was this word.
    Busy(u64),
    /// No peer could have written what is there.
    Corrupt,
}

/// A node that is ours to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) index: u32,
    top: Top,
}

/// An element that can be popped, if nobody is faster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peek {
    pub(crate) index: u32,
    top: Top,
}

/// The stack's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, N, P> {
    pub(crate) nodes: &'a N,
    pub(crate) peers: &'a P,
}

impl<'a, N: Nodes, P: Peers> Kernel<'a, N, P> {
    /// Looks at `top`.
    #[inline(always)]
    fn look(&self) -> Result<Top, Stop> {
        let word = self.nodes.top().load(Relaxed);
        // SYNC top. A fence, since an acquiring load is not allowed on a read-only mapping.
        fence(Acquire);
        let top = Top(word);
        // Nothing attached is popped never.
        if top.number() > self.nodes.capacity() || (top.number() == 0 && top.is_popped()) {
            return Err(Stop::Corrupt);
        }
        Ok(top)
    }

    /// Whether `top` is still what it was, waiters aside; what was read since then belongs to it.
    #[inline(always)]
    fn is_still(&self, top: Top) -> bool {
        // SYNC mine
        fence(Acquire);
        (self.nodes.top().load(Relaxed) ^ top.0) & !WAITS == 0
    }

    /// Changes `top`. On success, whether those who wait for `served` are to be woken.
    #[inline(always)]
    fn swing(&self, top: Top, index: u32, mark: u64, served: u64) -> Option<bool> {
        // SYNC top
        match self.nodes.top().compare_exchange(top.0, top.next(index, mark, served), AcqRel, Acquire) {
            Ok(_) => Some(top.0 & served != 0),
            Err(_) => None,
        }
    }

    fn link(&self, index: u32) -> Link {
        Link::of(self.nodes.link(index).load(Relaxed))
    }

    /// Changes a node's state, if it is still `seen`.
    #[inline(always)]
    fn change(&self, index: u32, seen: u64, state: u64) -> bool {
        // SYNC state
        self.nodes.state(index).compare_exchange(seen, state, AcqRel, Relaxed).is_ok()
    }

    /// Makes a node this process's, if it is still in the state that was seen; see I3 and I5 for when that is right.
    #[inline(always)]
    fn own(&self, me: u32, index: u32, seen: u64, top: Top) -> Option<Claim> {
        if !self.change(index, seen, owned(me, top.tag())) {
            return None;
        }
        // SYNC mine
        fence(Release);
        Some(Claim { index, top })
    }

    /// Claims the attached node if it is popped and nobody has: what a push after a pop meets.
    #[inline(always)]
    pub(crate) fn claim_popped(&self, me: u32) -> Option<Claim> {
        let top = self.look().ok()?;
        let index = top.node().filter(|_| top.is_popped())?;
        // SYNC state
        let seen = self.nodes.state(index).load(Acquire);
        let takable = match decode(seen)? {
            State::Free(stamp) => stamp == top.tag(),
            State::Owned(_, stamp) => stamp != top.tag(),
            State::Linked(_) => true,
        };
        if takable && self.is_still(top) { self.own(me, index, seen, top) } else { None }
    }

    /// Claims a node.
    #[cold]
    pub(crate) fn claim(&self, me: u32) -> Result<Claim, Stop> {
        let mut rounds = 0;
        loop {
            let top = self.look()?;
            if let Some(index) = top.node()
                && !top.is_popped()
                && self.link(index).depth >= self.nodes.capacity()
            {
                if self.is_still(top) {
                    return Err(Stop::Full(top.0));
                }
                continue;
            }
            if let Some(claim) = self.claim_popped(me) {
                return Ok(claim);
            }
            let mut held = false;
            if let Some(claim) = self.scan(|index, seen| self.claim_free(me, index, seen, &mut held))? {
                return Ok(claim);
            }
            if held && let Some(claim) = self.scan(|index, seen| Ok(self.recover(me, index, seen)))? {
                return Ok(claim);
            }
            rounds += 1;
            // Under an unchanged `top` no node is let go, so that was all of them. Others who change it again and again have
            // taken what there was.
            if self.is_still(top) || rounds == 8 {
                return Err(Stop::Busy(top.0));
            }
        }
    }

    /// Looks at every node once, from the cursor on, until one is claimed.
    fn scan(&self, mut claim: impl FnMut(u32, u64) -> Result<Option<Claim>, Stop>) -> Result<Option<Claim>, Stop> {
        let capacity = self.nodes.capacity();
        let first = self.nodes.cursor() % capacity;
        for index in (first..capacity).chain(0..first) {
            // SYNC state
            let seen = self.nodes.state(index).load(Acquire);
            if let Some(claim) = claim(index, seen)? {
                self.nodes.set_cursor(index + 1);
                return Ok(Some(claim));
            }
        }
        Ok(None)
    }

    fn claim_free(&self, me: u32, index: u32, seen: u64, held: &mut bool) -> Result<Option<Claim>, Stop> {
        match decode(seen) {
            None => Err(Stop::Corrupt),
            // `top` is looked at behind the state: the node stands there no more, or it is claimed where it stands (I3).
            Some(State::Free(_)) => Ok(self.own(me, index, seen, self.look()?)),
            Some(State::Owned(..)) => {
                *held = true;
                Ok(None)
            }
            Some(State::Linked(_)) => Ok(None),
        }
    }

    /// Takes over what a dead process has claimed, unless that is an element by now (I5).
    fn recover(&self, me: u32, index: u32, seen: u64) -> Option<Claim> {
        let Some(State::Owned(owner, _)) = decode(seen) else { return None };
        if !self.peers.is_dead(owner) {
            return None;
        }
        point!("stack.recover.dead");
        // Behind its death, so that its last change of `top` is seen.
        let top = self.look().ok()?;
        if top.is_attached(index) && !top.is_popped() {
            return None;
        }
        let claim = self.own(me, index, seen, top)?;
        point!("stack.recover.claimed");
        Some(claim)
    }

    /// Brings the attached node into a state in which `top` may go on: LINKED below another, or let go. `false` when `top` has
    /// changed meanwhile.
    fn settle(&self, top: Top, index: u32) -> Result<bool, Stop> {
        // SYNC state
        let seen = self.nodes.state(index).load(Acquire);
        if !self.is_still(top) {
            return Ok(false);
        }
        let tag = top.tag();
        let settled = match (decode(seen), top.is_popped()) {
            (Some(State::Linked(_)), false) => return Ok(true),
            (Some(State::Owned(_, stamp)), false) => linked(stamp),
            (Some(State::Free(stamp) | State::Owned(_, stamp)), true) if stamp == tag => return Ok(true),
            (Some(State::Owned(..) | State::Linked(_)), true) => free(tag),
            _ => return Err(Stop::Corrupt),
        };
        let changed = self.change(index, seen, settled);
        if changed && top.is_popped() {
            self.nodes.set_cursor(index);
        }
        point!("stack.settled");
        Ok(changed)
    }

    /// Puts a node that was claimed where it stands on top again, if it still stands there; whether there is somebody to
    /// [wake](Kernel::wake). Its link is right.
    #[inline(always)]
    pub(crate) fn push_in_place(&self, claim: Claim) -> Option<bool> {
        let wake = self.swing(claim.top, claim.index, 0, STACK_POP_WAITS)?;
        point!("stack.push.linked");
        Some(wake)
    }

    /// Puts a claimed node, whose value is written, on top; whether there is somebody to [wake](Kernel::wake).
    #[cold]
    pub(crate) fn push(&self, claim: Claim) -> Result<bool, Stop> {
        loop {
            let top = self.look()?;
            if top.is_attached(claim.index) {
                // Claimed where it stands.
                if !top.is_popped() {
                    return Err(Stop::Corrupt);
                }
            } else if !self.chain(claim, top)? {
                continue;
            }
            if let Some(wake) = self.swing(top, claim.index, 0, STACK_POP_WAITS) {
                point!("stack.push.linked");
                return Ok(wake);
            }
        }
    }

    /// Writes the link of a node that is to stand on what is there; `false` when that has changed meanwhile.
    fn chain(&self, claim: Claim, top: Top) -> Result<bool, Stop> {
        let link = match top.node() {
            None => Link::BOTTOM,
            Some(index) => {
                if !self.settle(top, index)? {
                    return Ok(false);
                }
                let link = self.link(index);
                if top.is_popped() { link } else { Link { below: index + 1, depth: link.depth + 1 } }
            }
        };
        if !(1..=self.nodes.capacity()).contains(&link.depth) {
            // A link of another time, or nobody's.
            return if self.is_still(top) { Err(Stop::Corrupt) } else { Ok(false) };
        }
        self.nodes.link(claim.index).store(link.word(), Relaxed);
        point!("stack.push.chained");
        Ok(true)
    }

    /// The element on top if that is attached: what a pop after a push meets.
    #[inline(always)]
    pub(crate) fn peek_live(&self) -> Option<Peek> {
        let top = self.look().ok()?;
        let index = top.node().filter(|_| !top.is_popped())?;
        Some(Peek { index, top })
    }

    /// The element on top. It is not popped yet.
    #[cold]
    pub(crate) fn peek(&self) -> Result<Peek, Stop> {
        let top = self.look()?;
        match top.node() {
            None => Err(Stop::Empty(top.0)),
            Some(index) if !top.is_popped() => Ok(Peek { index, top }),
            Some(index) => self.peek_below(top, index),
        }
    }

    /// The element below a popped node.
    fn peek_below(&self, mut top: Top, mut attached: u32) -> Result<Peek, Stop> {
        loop {
            let link = self.link(attached);
            let below = link.below.wrapping_sub(1);
            let depth = if below < self.nodes.capacity() { self.link(below).depth } else { 0 };
            if self.is_still(top) {
                // Depths fall by one, so that no content leads in circles.
                return match (link.below, link.depth.checked_sub(1)) {
                    (0, Some(0)) => Err(Stop::Empty(top.0)),
                    (1.., Some(fits)) if fits > 0 && depth == fits => Ok(Peek { index: below, top }),
                    _ => Err(Stop::Corrupt),
                };
            }
            top = self.look()?;
            match top.node() {
                None => return Err(Stop::Empty(top.0)),
                Some(index) if !top.is_popped() => return Ok(Peek { index, top }),
                Some(index) => attached = index,
            }
        }
    }

    /// Whether what was peeked at is still on top, so that a copy made meanwhile is whole. For those who look without popping;
    /// works on a read-only mapping.
    pub(crate) fn still_there(&self, peek: Peek) -> bool {
        self.is_still(peek.top)
    }

    /// Pops what was peeked at and copied out: `Some(whether there is somebody to wake)` when it was still there, and so the copy
    /// is whole.
    #[inline(always)]
    pub(crate) fn take_live(&self, peek: Peek) -> Option<bool> {
        let taken = self.swing(peek.top, peek.index, STACK_POPPED, STACK_PUSH_WAITS);
        if taken.is_some() {
            point!("stack.pop.taken");
        }
        taken
    }

    /// As [`take_live`](Kernel::take_live), for any peek.
    #[cold]
    pub(crate) fn take(&self, peek: Peek) -> Result<Option<bool>, Stop> {
        if let Some(attached) = peek.top.node()
            && attached != peek.index
            && !self.settle(peek.top, attached)?
        {
            return Ok(None);
        }
        Ok(self.take_live(peek))
    }

    /// Wakes all who wait: who waits for an element and who waits for room sleep on one word.
    #[cold]
    pub(crate) fn wake(&self) {
        self.peers.wake_all(self.nodes.top());
        point!("stack.woken");
    }

    /// Drives one attempt of an operation: until it is done, or there is something to sleep on.
    pub(crate) fn attempt<T>(
        &self,
        patience: &mut Patience,
        mut operation: impl FnMut() -> Result<T, Stop>,
    ) -> Result<Turn<'a, T>, Stop> {
        // Who always loses against others gets to look at the deadline all the same.
        let mut seen = 0;
        for _ in 0..64 {
            let stop = match operation() {
                Ok(done) => return Ok(Turn::Done(done)),
                Err(stop) => stop,
            };
            let (Stop::Empty(word) | Stop::Full(word) | Stop::Busy(word)) = stop else { return Err(stop) };
            if let Some(nap) = self.rest(stop, word, patience) {
                return Ok(Turn::Wait(nap));
            }
            seen = word;
        }
        Ok(Turn::Wait(patience.nap(self.nodes.top(), seen)))
    }

    /// What to sleep on until a stop may be over; `None` when it may be over now.
    #[cold]
    fn rest(&self, stop: Stop, seen: u64, patience: &mut Patience) -> Option<Nap<'a>> {
        let top = self.nodes.top();
        if patience.spin(top, seen) {
            return None;
        }
        let waits = if matches!(stop, Stop::Empty(_)) { STACK_POP_WAITS } else { STACK_PUSH_WAITS };
        let sleeping = seen | waits;
        // Relaxed: who ends this does so by a CAS on this word, and sees the bit or makes this CAS fail.
        if sleeping != seen && top.compare_exchange(seen, sleeping, Relaxed, Relaxed).is_err() {
            return None;
        }
        point!("stack.wait.marked");
        // Who holds the room may die and tell nobody.
        let busy = matches!(stop, Stop::Busy(_));
        Some(if busy { patience.nap(top, sleeping) } else { Nap::until_changed(top, sleeping) })
    }

    /// How many elements there are; others may change it meanwhile.
    pub(crate) fn len(&self) -> Result<u32, Stop> {
        // More often than a process can lose against others, by any chance that matters.
        for _ in 0..10_000 {
            let top = self.look()?;
            let Some(index) = top.node() else { return Ok(0) };
            let depth = self.link(index).depth;
            if self.is_still(top) {
                let popped = u32::from(top.is_popped());
                return if (1..=self.nodes.capacity()).contains(&depth) {
                    Ok(depth - popped)
                } else {
                    Err(Stop::Corrupt)
                };
            }
        }
        Err(Stop::Corrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_they_were_written() {
        for stamp in [0, 5, TAG_MASK] {
            assert_eq!(decode(free(stamp)), Some(State::Free(stamp)));
            assert_eq!(decode(owned(0xab_cdef, stamp)), Some(State::Owned(0xab_cdef, stamp)));
            assert_eq!(decode(linked(stamp)), Some(State::Linked(stamp)));
        }
        assert_eq!(decode(0), None);
        let link = Link { below: 0xff_ffff, depth: 0xff_fffe };
        assert_eq!(Link::of(link.word()), link);
    }

    #[test]
    fn tags_wrap_and_waiters_who_are_not_served_stay() {
        let word = 9 << STACK_NODE_SHIFT | TAG_MASK << STACK_TAG_SHIFT | WAITS;
        let next = Top(word).next(3, STACK_POPPED, STACK_PUSH_WAITS);
        assert_eq!(next, 4 << STACK_NODE_SHIFT | STACK_POPPED | STACK_POP_WAITS);
    }
}
