//! One row of the matrix, and how it is put together.

use zeroipc::Memory;

use super::{Death, Outcome, Promise};

/// How large a segment is when its case does not say.
const SIZE: u64 = 1 << 18;

/// A row: an operation that a process dies in at each of its points, and what a peer finds afterwards.
pub struct Case {
    /// The structure's name, which also begins the names of its points.
    pub structure: &'static str,
    /// The operation, with its situation if there are several: `push, full on a dead push`.
    pub operation: String,
    pub(super) size: u64,
    pub(super) points: Vec<&'static str>,
    pub(super) without: Vec<&'static str>,
    pub(super) victim: Box<Doing<()>>,
    pub(super) partners: Vec<Partner>,
    pub(super) prepare: Box<dyn Fn(&Memory) -> Survivor<'_> + Send + Sync>,
    pub(super) promise: Box<dyn Fn(&Death) -> Promise + Send + Sync>,
}

/// What is left to be done once somebody has died.
pub(super) type Survivor<'m> = Box<dyn FnOnce(&Death) -> Outcome + 'm>;
type Doing<R> = dyn Fn(&Memory) -> R + Send + Sync;

/// What another thread of the parent does meanwhile.
pub(super) struct Partner {
    /// The victim starts when the partner has reached this point.
    pub(super) parked: Option<&'static str>,
    pub(super) run: Box<Doing<Outcome>>,
}

/// A case that knows how it begins.
pub struct Scene<S> {
    draft: Draft,
    victim: Option<Box<Doing<()>>>,
    partners: Vec<Partner>,
    prepare: Box<dyn Fn(&Memory) -> S + Send + Sync>,
    survivor: Option<Box<Surviving<S>>>,
}

type Surviving<S> = dyn Fn(&Memory, S, &Death) -> Outcome + Send + Sync;

/// A case that has a name.
#[derive(Debug)]
pub struct Draft {
    structure: &'static str,
    operation: String,
    size: u64,
    points: Vec<&'static str>,
    without: Vec<&'static str>,
}

impl Case {
    /// Begins a case of an operation of a structure.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(structure: &'static str, operation: impl Into<String>) -> Draft {
        Draft { structure, operation: operation.into(), size: SIZE, points: Vec::new(), without: Vec::new() }
    }

    /// What the case is called on a command line.
    pub fn id(&self) -> String {
        format!("{}: {}", self.structure, self.operation)
    }

    /// Whether a point counts in this case.
    pub(super) fn counts(&self, point: &str) -> bool {
        self.points.iter().any(|start| point.starts_with(start)) && !self.without.contains(&point)
    }
}

impl Draft {
    /// Counts the points that begin with one of these, in place of those of the structure and of its waits.
    pub fn points(mut self, starts: &[&'static str]) -> Self {
        self.points = starts.to_vec();
        self
    }

    /// Does not count these points.
    pub fn without(mut self, points: &[&'static str]) -> Self {
        self.without = points.to_vec();
        self
    }

    /// The segment has so many bytes.
    pub fn size(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// Creates the structures in the parent, and brings them into the state that the operation needs. What it returns
    /// lives until the survivor gets it.
    pub fn prepare<S>(self, prepare: impl Fn(&Memory) -> S + Send + Sync + 'static) -> Scene<S> {
        Scene { draft: self, victim: None, partners: Vec::new(), prepare: Box::new(prepare), survivor: None }
    }
}

impl<S: 'static> Scene<S> {
    /// The operation, in a child that has attached anew. It ends by itself when nobody kills it.
    pub fn victim(mut self, victim: impl Fn(&Memory) + Send + Sync + 'static) -> Self {
        self.victim = Some(Box::new(victim));
        self
    }

    /// Something that a peer does meanwhile, within a second after the death. It begins before the victim does.
    pub fn partner(mut self, partner: impl Fn(&Memory) -> Outcome + Send + Sync + 'static) -> Self {
        self.partners.push(Partner { parked: None, run: Box::new(partner) });
        self
    }

    /// As [`partner`](Scene::partner), and the victim begins when this one has reached a point.
    pub fn parked(mut self, point: &'static str, partner: impl Fn(&Memory) -> Outcome + Send + Sync + 'static) -> Self {
        self.partners.push(Partner { parked: Some(point), run: Box::new(partner) });
        self
    }

    /// In the parent, when the kernel has let go of the victim: does what a peer does, with deadlines of a second,
    /// panics when an invariant is broken, and says what it found.
    pub fn survivor(mut self, survivor: impl Fn(&Memory, S, &Death) -> Outcome + Send + Sync + 'static) -> Self {
        self.survivor = Some(Box::new(survivor));
        self
    }

    /// What may be found at a point; anything else fails the row. This ends the case.
    pub fn promise<P: Into<Promise>>(self, promise: impl Fn(&Death) -> P + Send + Sync + 'static) -> Case {
        let Scene { draft, victim, partners, prepare, survivor } = self;
        let Draft { structure, operation, size, mut points, without } = draft;
        let survivor = std::sync::Arc::new(survivor.expect("a case has a survivor"));
        if points.is_empty() {
            // The structure's own, and where a wait that all share comes back.
            points.extend([format!("{structure}.").leak() as &str, "wait."]);
        }
        Case {
            structure,
            operation,
            size,
            points,
            without,
            victim: victim.expect("a case has a victim"),
            partners,
            prepare: Box::new(move |memory| {
                let survivor = std::sync::Arc::clone(&survivor);
                let state = prepare(memory);
                Box::new(move |death| survivor(memory, state, death))
            }),
            promise: Box::new(move |death| promise(death).into()),
        }
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl<S> std::fmt::Debug for Scene<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("draft", &self.draft).finish_non_exhaustive()
    }
}
