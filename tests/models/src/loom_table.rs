//! Publishing and looking up: `table.rs` and `passport.rs` as they ship, and the order of `Segment::create_or_find`.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::thread;
use zeroipc_layout::{Scalar, TypeDesc};

use crate::error::Result;
use crate::explore::explore;
use crate::format::schema::Kind;
use crate::passport::Passport;
use crate::points::{dying_at, point};
use crate::region::Region;
use crate::sync::Relaxed;
use crate::table::{Entry, Fit, Table, TableVersion, table_end};

const SEGMENT: &str = "/model";
const ENTRIES: u32 = 4;
/// A record of one number: its head, the fingerprints and sizes, and a description in one word.
const RECORD: u64 = 88;
const HEADER: u64 = 16;
/// A structure of the models is one word, which its creator sets to this.
const INITIALISED: u64 = 0x1234_5678_9abc_def0;
const ELEMENT: TypeDesc<'_> = TypeDesc::Scalar(Scalar::U64);

/// A segment with a table, a passport with room for two records, and room for two structures.
struct Shared {
    region: Region,
    table: Table,
    passport: Passport,
    /// The creation lock.
    lock: Mutex<()>,
}

impl Shared {
    fn new(version: TableVersion) -> Shared {
        let v2 = version == TableVersion::V2;
        let end = table_end(version, ENTRIES);
        let size = HEADER + 2 * RECORD;
        let structures = end + size;
        let mut halves = vec![0, 4, 8, 12, end, end + 4, end + 8, end + 12];
        // The second and third quarter of a name are zero in the models, and so are never touched.
        let mut words = vec![structures, structures + 8];
        words.extend((end + HEADER..end + size).step_by(8));
        words.extend([16, 24]);
        for index in 0..ENTRIES - 1 {
            let at = table_end(version, index);
            words.push(at);
            if v2 {
                words.extend([at + 32, at + 40]);
            } else {
                halves.extend([at + 32, at + 36]);
            }
        }
        let region = Region::new(structures + 16, halves, words);
        let table = Table::create(&region, version, ENTRIES).unwrap();
        let passport = Passport::create(&region, end, size, 1).unwrap();
        table.publish(&region, SEGMENT, &Entry { name: ".schema".into(), offset: end, size }).unwrap();
        Shared { region, table, passport, lock: Mutex::new(()) }
    }

    /// As `Segment::create_or_find`, inside of its lock.
    fn create_locked(&self, name: &str, recorded: Option<&TypeDesc<'_>>) -> Result<bool> {
        let Shared { region, table, passport, .. } = self;
        if table.find(region, SEGMENT, name)?.is_some() {
            return Ok(false);
        }
        let offset = table.place(region, SEGMENT, 8, Fit::ANY)?;
        let entry = Entry { name: name.to_owned(), offset, size: 8 };
        region.u64_at(offset)?.store(INITIALISED, Relaxed);
        point!("create.initialised");
        if let Some(element) = recorded {
            passport.write(region, table, SEGMENT, &entry, Kind::QUEUE, &[element])?;
        }
        table.publish(region, SEGMENT, &entry)?;
        Ok(true)
    }

    fn create(&self, name: &str) -> bool {
        let _lock = self.lock.lock().unwrap();
        self.create_locked(name, Some(&ELEMENT)).unwrap()
    }

    /// The kernel releases the lock of a creator that dies.
    fn create_and_die(&self, name: &str, point: &'static str) {
        let _lock = self.lock.lock().unwrap();
        assert!(
            dying_at(point, || self.create_locked(name, Some(&ELEMENT)).unwrap()).is_none(),
            "{point} was not reached"
        );
    }

    /// Whether a structure is there; then all of it is.
    fn look_up(&self, name: &str) -> Option<u64> {
        let Shared { region, table, passport, .. } = self;
        let entry = table.find(region, SEGMENT, name).unwrap()?;
        assert_eq!(entry.size, 8);
        let record = passport.find(region, SEGMENT, &entry).unwrap().expect("an entry has no record");
        assert_eq!(record.kind, Kind::QUEUE);
        assert_eq!(record.types[0].size, 8);
        assert!(record.types[0].description().is_some());
        assert_eq!(region.u64_at(entry.offset).unwrap().load(Relaxed), INITIALISED, "a structure is not initialised");
        Some(entry.offset)
    }
}

fn reader_and_creator(version: TableVersion) {
    let shared = Arc::new(Shared::new(version));
    let creator = Arc::clone(&shared);
    let creator = thread::spawn(move || assert!(creator.create("a")));
    shared.look_up("a");
    creator.join().unwrap();
    assert!(shared.look_up("a").is_some());
}

#[test]
fn who_sees_the_count_sees_everything() {
    explore("who_sees_the_count_sees_everything", 3, || reader_and_creator(TableVersion::V1));
}

#[test]
fn who_sees_the_count_sees_everything_in_version_2() {
    explore("who_sees_the_count_sees_everything_in_version_2", 3, || reader_and_creator(TableVersion::V2));
}

#[test]
fn two_creators_create_two_structures() {
    explore("two_creators_create_two_structures", 2, || {
        let shared = Arc::new(Shared::new(TableVersion::V1));
        let create = |name| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.create(name))
        };
        let (first, second) = (create("a"), create("b"));
        shared.look_up("b");
        assert!(first.join().unwrap());
        assert!(second.join().unwrap());
        assert_ne!(shared.look_up("a").unwrap(), shared.look_up("b").unwrap());
    });
}

#[test]
fn of_two_creators_of_one_name_one_creates() {
    explore("of_two_creators_of_one_name_one_creates", 2, || {
        let shared = Arc::new(Shared::new(TableVersion::V1));
        let other = Arc::clone(&shared);
        let other = thread::spawn(move || other.create("a"));
        let mine = shared.create("a");
        assert!(mine != other.join().unwrap());
        assert!(shared.look_up("a").is_some());
        assert_eq!(shared.table.entry_count(&shared.region, SEGMENT).unwrap(), 2);
    });
}

/// A creator that dies before it stores the count has created nothing, and the next one uses its space and its record.
#[test]
fn a_dead_creator_leaves_the_table_as_it_was() {
    let steps = ["create.initialised", "create.record", "create.recorded", "create.entry", "create.next_offset"];
    for version in [TableVersion::V1, TableVersion::V2] {
        for step in steps {
            explore(&format!("a_dead_creator_leaves_the_table_as_it_was ({step}, {version:?})"), 2, move || {
                let shared = Arc::new(Shared::new(version));
                let creators = Arc::clone(&shared);
                let creators = thread::spawn(move || {
                    creators.create_and_die("dead", step);
                    assert!(creators.create("a"));
                });
                assert_eq!(shared.look_up("dead"), None);
                shared.look_up("a");
                creators.join().unwrap();
                assert_eq!(shared.look_up("dead"), None);
                let end = table_end(version, ENTRIES);
                assert_eq!(shared.look_up("a"), Some(end + HEADER + 2 * RECORD), "space is lost");
                // With a dead creator's record in between there would be no room for this one.
                assert!(shared.create("b"));
                Table::open(&shared.region, SEGMENT).unwrap();
            });
        }
    }
}

/// A creator that dies right after it stored the count has created.
#[test]
fn a_creator_that_dies_behind_the_count_has_created() {
    explore("a_creator_that_dies_behind_the_count_has_created", 2, || {
        let shared = Arc::new(Shared::new(TableVersion::V1));
        let creator = Arc::clone(&shared);
        let creator = thread::spawn(move || creator.create_and_die("a", "create.published"));
        shared.look_up("a");
        creator.join().unwrap();
        assert!(!shared.create("a"));
        assert!(shared.create("b"));
        assert_ne!(shared.look_up("a").unwrap(), shared.look_up("b").unwrap());
    });
}

/// A structure that a duck-typed creator made has no record, so a lookup walks over all of them; the last may be one that
/// a dead creator left and that a longer one is just replacing.
#[test]
fn a_walk_over_a_record_that_is_replaced_finds_no_damage() {
    explore("a_walk_over_a_record_that_is_replaced_finds_no_damage", 2, || {
        let shared = Arc::new(Shared::new(TableVersion::V1));
        assert!(shared.create_locked("foreign", None).unwrap());
        shared.create_and_die("dead", "create.next_offset");
        let creator = Arc::clone(&shared);
        let longer = TypeDesc::Array { count: 1, elem: &TypeDesc::Array { count: 1, elem: &ELEMENT } };
        let creator = thread::spawn(move || assert!(creator.create_locked("a", Some(&longer)).unwrap()));
        let Shared { region, table, passport, .. } = &*shared;
        let entry = table.find(region, SEGMENT, "foreign").unwrap().unwrap();
        assert!(passport.find(region, SEGMENT, &entry).unwrap().is_none());
        creator.join().unwrap();
    });
}
