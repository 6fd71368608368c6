//! A segment: creating, opening, removing it, and creating and opening structures in it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use zeroipc_layout::limits::{DEFAULT_TABLE_SIZE, MAX_ELEMENT_SIZE};
use zeroipc_layout::name::{SCHEMA_ENTRY, check_entry, check_segment};
use zeroipc_layout::{Description, TypeDesc, compare, fingerprint};

use crate::attach::{Attaching, Attachment, Held, Ids, LOCK_DEADLINE};
use crate::entries::{StructureInfo, kind_name};
use crate::error::{Error, ErrorKind, Result};
use crate::format::locks::MAX_WRITER_ID;
use crate::format::schema::Kind;
use crate::os::{self, Access, ShmFile};
use crate::passport::{Passport, Record, RecordedType, describe};
use crate::points::point;
use crate::region::Region;
use crate::table::{Entry, Fit, Table, TableVersion, check_table_size, table_end};

/// A shared memory segment that this process is attached to.
///
/// A handle is cheap to clone; structures keep the segment mapped on their own, so it may be dropped before them. The
/// process counts as attached until the last of them is gone, or until it dies in whatever way.
///
/// A forked child inherits the handles and may use them: it becomes an attachment of its own the first time that it
/// changes something.
#[derive(Clone, Debug)]
pub struct Memory {
    pub(crate) segment: Arc<Segment>,
}

/// How a segment is created, opened and left: see [`Memory::options`].
#[derive(Clone, Debug)]
#[must_use = "options do nothing until `create`, `open` or `open_or_create` is called"]
pub struct MemoryOptions {
    table_size: u32,
    mode: u32,
    version: TableVersion,
    duck_typed: bool,
    prefault: bool,
    remove_on_last_detach: bool,
}

impl Memory {
    /// Creates a segment of at least `size` bytes (rounded up to whole pages) with the default options.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists) if the name is taken, [`BadName`](ErrorKind::BadName),
    /// [`BadArgument`](ErrorKind::BadArgument) if the size has no room for the table, and
    /// [`OutOfMemory`](ErrorKind::OutOfMemory) when the system has no shared memory left.
    ///
    /// # Examples
    /// ```
    /// use zeroipc::Memory;
    /// # let name = format!("/zeroipc_doc_create_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::create(name, 1 << 20)?;
    /// assert_eq!(memory.size(), 1 << 20);
    /// Memory::unlink(name)?;
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn create(name: &str, size: u64) -> Result<Memory> {
        Memory::options().create(name, size)
    }

    /// Opens an existing segment for reading and writing.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`PermissionDenied`](ErrorKind::PermissionDenied),
    /// [`NotASegment`](ErrorKind::NotASegment), [`UnsupportedVersion`](ErrorKind::UnsupportedVersion) or
    /// [`Corrupt`](ErrorKind::Corrupt), each with what was found.
    pub fn open(name: &str) -> Result<Memory> {
        Memory::options().open(name)
    }

    /// Opens a segment, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Memory::create) and [`open`](Memory::open), and [`BadArgument`](ErrorKind::BadArgument) if the
    /// segment is there and smaller than `size`.
    pub fn open_or_create(name: &str, size: u64) -> Result<Memory> {
        Memory::options().open_or_create(name, size)
    }

    /// Opens an existing segment for reading only. The handle cannot change a byte of it, takes no id, and is seen by
    /// [`attachments`](Memory::attachments) all the same.
    ///
    /// # Errors
    /// As [`open`](Memory::open).
    pub fn open_read_only(name: &str) -> Result<Memory> {
        open(name, Access::ReadOnly, &MemoryOptions::new())
    }

    /// Removes a segment's name. Processes that are attached keep the segment; new ones do not find it.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) or [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn unlink(name: &str) -> Result<()> {
        checked_segment_name(name)?;
        ShmFile::unlink(name).map_err(|error| Error::system(format!("remove segment `{name}`"), error))
    }

    /// The options that segments are created and opened with.
    ///
    /// # Examples
    /// ```
    /// use zeroipc::Memory;
    /// # let name = format!("/zeroipc_doc_options_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().table_size(256).mode(0o660).remove_on_last_detach(true).create(name, 1 << 20)?;
    /// drop(memory);
    /// assert!(Memory::open(name).is_err());
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn options() -> MemoryOptions {
        MemoryOptions::new()
    }

    /// The segment's name, with its `/`.
    pub fn name(&self) -> &str {
        &self.segment.name
    }

    /// The segment's size in bytes.
    pub fn size(&self) -> u64 {
        self.segment.region.len()
    }

    /// The version of the segment's table.
    pub fn table_version(&self) -> TableVersion {
        self.segment.table.version()
    }

    /// How many entries the table can hold, the library's own included.
    pub fn table_size(&self) -> u32 {
        self.segment.table.max_entries()
    }

    /// The bytes that new structures may still take.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn free(&self) -> Result<u64> {
        self.segment.table.free(&self.segment.region)
    }

    /// Whether this handle can change the segment.
    pub fn is_writable(&self) -> bool {
        self.segment.region.is_writable()
    }

    /// The segment's structures in the order of their creation, the library's own left out.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    ///
    /// # Examples
    /// ```
    /// use zeroipc::{Array, Memory};
    /// # let name = format!("/zeroipc_doc_list_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
    /// Array::<f32>::create(&memory, "temperature", 1000)?;
    /// let structures = memory.structures()?;
    /// assert_eq!(structures[0].name(), "temperature");
    /// assert_eq!(structures[0].to_string(), "temperature: array<f32>[1000]");
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn structures(&self) -> Result<Vec<StructureInfo>> {
        StructureInfo::list(&self.segment)
    }

    /// The id of this attachment; `None` when it only reads.
    ///
    /// # Errors
    /// In a forked child, which attaches by this: as [`open`](Memory::open).
    pub fn id(&self) -> Result<Option<u32>> {
        if self.is_writable() { self.segment.me().map(Some) } else { Ok(None) }
    }

    /// Whether the process that holds an attachment's id is alive, by the kernel's word.
    ///
    /// A process that is stopped, or that the kernel still takes apart, is alive.
    pub fn is_alive(&self, id: u32) -> bool {
        self.segment.is_alive(id)
    }

    /// How many attachments the segment has, this one included. Handles opened twice count twice.
    ///
    /// # Errors
    /// [`System`](ErrorKind::System) if the kernel refuses to tell.
    pub fn attachments(&self) -> Result<u64> {
        let segment = &self.segment;
        segment.anchored()?;
        let counted = if segment.attachment.sees_itself(&segment.file) {
            segment.attachment.count(&segment.file)
        } else {
            segment.file.reopen(&segment.name).and_then(|own| segment.attachment.count(&own))
        };
        counted.map_err(|error| Error::system(format!("segment `{}`: count the attachments", segment.name), error))
    }

    /// The names of everything in the directory of shared memory, segments of ZeroIPC or not.
    ///
    /// # Errors
    /// [`System`](ErrorKind::System) if the directory cannot be read.
    pub fn list() -> Result<Vec<String>> {
        os::list().map_err(|error| Error::system("list the directory of shared memory", error))
    }
}

impl MemoryOptions {
    fn new() -> MemoryOptions {
        MemoryOptions {
            table_size: DEFAULT_TABLE_SIZE,
            mode: 0o600,
            version: TableVersion::Auto,
            duck_typed: false,
            prefault: false,
            remove_on_last_detach: false,
        }
    }

    /// How many structures the segment's table can hold: 1, 4, 8, 16, … or 4096; 64 by default. From 8 on, one of them
    /// is the library's.
    pub fn table_size(mut self, entries: u32) -> Self {
        self.table_size = entries;
        self
    }

    /// The permission bits of the segment, whatever the process's umask; 0600 by default. Who may read may also hold
    /// locks, and so can stall others; who may write may spoil the data.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// The version of the table; by default the size decides.
    pub fn table_version(mut self, version: TableVersion) -> Self {
        self.version = version;
        self
    }

    /// Creates no `.schema`, as the original format has none: readers then check sizes only. Where a segment has one,
    /// this handle's structures are recorded in it all the same.
    pub fn duck_typed(mut self, duck_typed: bool) -> Self {
        self.duck_typed = duck_typed;
        self
    }

    /// Reserves the memory of the whole segment at its creation, so that creating structures cannot fail for the lack
    /// of it.
    pub fn prefault(mut self, prefault: bool) -> Self {
        self.prefault = prefault;
        self
    }

    /// Removes the segment's name when this handle goes and nobody else is attached. A process that is killed removes
    /// nothing.
    pub fn remove_on_last_detach(mut self, remove: bool) -> Self {
        self.remove_on_last_detach = remove;
        self
    }

    /// Creates a segment; see [`Memory::create`].
    ///
    /// # Errors
    /// As [`Memory::create`].
    pub fn create(&self, name: &str, size: u64) -> Result<Memory> {
        checked_segment_name(name)?;
        create(name, size, self)
    }

    /// Opens a segment; see [`Memory::open`].
    ///
    /// # Errors
    /// As [`Memory::open`].
    pub fn open(&self, name: &str) -> Result<Memory> {
        open(name, Access::ReadWrite, self)
    }

    /// Opens or creates a segment; see [`Memory::open_or_create`].
    ///
    /// # Errors
    /// As [`Memory::open_or_create`].
    pub fn open_or_create(&self, name: &str, size: u64) -> Result<Memory> {
        let deadline = Instant::now() + LOCK_DEADLINE;
        loop {
            let created = match self.open(name) {
                Err(error) if error.kind() == ErrorKind::NotFound => self.create(name, size),
                Ok(memory) if memory.size() < size => {
                    return Err(Error::new(
                        ErrorKind::BadArgument,
                        format!(
                            "segment `{name}` exists with {} bytes and {size} were asked for; open it without a size \
                             or remove it first",
                            memory.size()
                        ),
                    ));
                }
                opened => return opened,
            };
            match created {
                // Somebody else was faster; and removed it again, if it is not to be opened now.
                Err(error) if error.kind() == ErrorKind::Exists && Instant::now() < deadline => {}
                other => return other,
            }
        }
    }
}

fn checked_segment_name(name: &str) -> Result<()> {
    check_segment(name).map_err(|error| Error::new(ErrorKind::BadName, format!("segment name `{name}`: {error}")))
}

fn out_of_memory(name: &str, needed: u64, error: io::Error) -> Error {
    if !matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::OutOfMemory) {
        return Error::system(format!("segment `{name}`: reserve {needed} bytes of shared memory"), error);
    }
    let free = os::free_space().map_or_else(|| "an unknown number are".into(), |free| format!("{free} are"));
    Error::new(
        ErrorKind::OutOfMemory,
        format!(
            "segment `{name}`: {needed} bytes of shared memory are needed and {free} free in /dev/shm; remove segments \
             that nobody uses, or make it larger (`mount -o remount,size=…`, in a container `--shm-size`)"
        ),
    )
}

/// Ids for a segment without a passport.
struct RandomIds;

impl Ids for RandomIds {
    fn next(&self) -> io::Result<u32> {
        Ok(1 + (os::random()? % u64::from(MAX_WRITER_ID)) as u32)
    }
}

fn create(name: &str, size: u64, options: &MemoryOptions) -> Result<Memory> {
    check_table_size(options.table_size)?;
    let page = os::page_size();
    let too_large = || {
        let message = format!("segment `{name}`: {size} bytes are more than a segment can have");
        Error::new(ErrorKind::BadArgument, message)
    };
    let size = size.checked_next_multiple_of(page).filter(|size| *size < 1 << 47).ok_or_else(too_large)?;
    let version = options.version.for_size(size)?;
    let end = table_end(version, options.table_size);
    if size <= end {
        let entries = options.table_size;
        let message =
            format!("segment `{name}`: {size} bytes have no room behind a table of {entries} entries ({end})");
        return Err(Error::new(ErrorKind::BadArgument, format!("{message}; ask for more bytes or a smaller table")));
    }
    let failed = |error| Error::system(format!("create segment `{name}`"), error);
    let file = ShmFile::create_unnamed(size, options.mode).map_err(failed)?;
    point!("segment.sized");
    let reserved = if options.prefault { size } else { end };
    file.reserve(0, reserved).map_err(|error| out_of_memory(name, reserved, error))?;
    let region = Region::map(&file, size).map_err(failed)?;
    let table = Table::create(&region, version, options.table_size)?;
    point!("segment.written");
    let attachment = Attachment::new(&file, name, &RandomIds)?;
    point!("segment.anchored");
    match file.link(name) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!("segment `{name}` exists; open it, or remove it first");
            return Err(Error::new(ErrorKind::Exists, message));
        }
        Err(error) => return Err(failed(error)),
    }
    point!("segment.linked");
    Ok(Memory::from(Segment::new(name, file, region, table, attachment, options)))
}

fn open(name: &str, access: Access, options: &MemoryOptions) -> Result<Memory> {
    checked_segment_name(name)?;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            let message = format!("there is no segment `{name}`; create it first, or check the name with `zeroipc ls`");
            Error::new(ErrorKind::NotFound, message)
        }
        io::ErrorKind::PermissionDenied => {
            let message = format!("segment `{name}`: this user may not open it; ask its creator for another mode");
            Error::new(ErrorKind::PermissionDenied, message)
        }
        _ => Error::system(format!("open segment `{name}`"), error),
    };
    let deadline = Instant::now() + LOCK_DEADLINE;
    loop {
        let file = ShmFile::open(name, access).map_err(failed)?;
        point!("attach.opened");
        let attaching = Attaching::begin(&file, name)?;
        let len = file.len().map_err(failed)?;
        if len < table_end(TableVersion::V1, 1) {
            let message =
                format!("segment `{name}`: it has {len} bytes, which no table fits into; it is no ZeroIPC segment");
            return Err(Error::new(ErrorKind::NotASegment, message));
        }
        let region = Region::map(&file, len).map_err(failed)?;
        let table = Table::open(&region, name)?;
        let attachment = Attachment::new(&file, name, &SegmentIds { region: &region, table: &table, name })?;
        point!("attach.anchored");
        let named = file.is_named(name).map_err(failed)?;
        drop(attaching);
        if named {
            return Ok(Memory::from(Segment::new(name, file, region, table, attachment, options)));
        }
        if Instant::now() >= deadline {
            let message = format!("segment `{name}` was removed and created anew for {LOCK_DEADLINE:?}; try again");
            return Err(Error::new(ErrorKind::TimedOut, message));
        }
    }
}

/// Ids from the segment's counter, or by chance where it has none.
struct SegmentIds<'a> {
    region: &'a Region,
    table: &'a Table,
    name: &'a str,
}

impl Ids for SegmentIds<'_> {
    fn next(&self) -> io::Result<u32> {
        // A damaged passport is told when a structure is opened; an id can do without it.
        match Passport::find_in(self.region, self.table, self.name) {
            Ok(Some(passport)) => match passport.next_id(self.region) {
                Ok(number) => Ok(1 + number % MAX_WRITER_ID),
                Err(_) => RandomIds.next(),
            },
            _ => RandomIds.next(),
        }
    }
}

/// What all handles of one attachment share.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) region: Region,
    pub(crate) table: Table,
    file: ShmFile,
    attachment: Attachment,
    duck_typed: bool,
    remove_on_last_detach: bool,
}

/// Where a structure is, and whether a record vouches for its type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) recorded: bool,
}

/// What a structure needs to be created.
pub(crate) struct Blueprint<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    /// The types of its elements, as many as the kind has.
    pub(crate) elements: &'a [&'a TypeDesc<'a>],
    pub(crate) size: u64,
    pub(crate) fit: Fit,
    pub(crate) initialise: &'a dyn Fn(&Region, u64) -> Result<()>,
}

impl From<Segment> for Memory {
    fn from(segment: Segment) -> Memory {
        Memory { segment: Arc::new(segment) }
    }
}

impl Segment {
    fn new(
        name: &str,
        file: ShmFile,
        region: Region,
        table: Table,
        attachment: Attachment,
        options: &MemoryOptions,
    ) -> Segment {
        Segment {
            name: name.to_owned(),
            region,
            table,
            file,
            attachment,
            duck_typed: options.duck_typed,
            remove_on_last_detach: options.remove_on_last_detach,
        }
    }

    /// This attachment's id, if this process has anchored it.
    #[inline(always)]
    pub(crate) fn id(&self) -> Option<u32> {
        self.attachment.id()
    }

    /// This attachment's id; in a forked child a new one.
    pub(crate) fn me(&self) -> Result<u32> {
        match self.id() {
            Some(id) => Ok(id),
            None => self.me_slow(),
        }
    }

    #[cold]
    fn me_slow(&self) -> Result<u32> {
        self.writable()?;
        loop {
            self.anchored()?;
            if let Some(id) = self.attachment.id() {
                return Ok(id);
            }
        }
    }

    /// Anchors in a forked child; elsewhere it is done.
    fn anchored(&self) -> Result<()> {
        if self.attachment.is_anchored() {
            return Ok(());
        }
        let ids = SegmentIds { region: &self.region, table: &self.table, name: &self.name };
        self.attachment.anchor(&self.file, &self.name, &ids)
    }

    pub(crate) fn is_alive(&self, id: u32) -> bool {
        // Without an anchor of our own there is no verdict, and who is not dead counts as alive.
        if self.anchored().is_err() {
            return true;
        }
        if !self.attachment.is_alive(&self.file, id) {
            return false;
        }
        // Alive, or our descriptor was closed and shows nothing: then one that leads to the segment tells.
        self.attachment.sees_itself(&self.file)
            || self.file.reopen(&self.name).map_or(true, |own| self.attachment.is_alive(&own, id))
    }

    #[inline]
    pub(crate) fn writable(&self) -> Result<()> {
        if self.region.is_writable() { Ok(()) } else { Err(Error::plain(ErrorKind::ReadOnly)) }
    }

    pub(crate) fn find(&self, name: &str) -> Result<Option<Entry>> {
        self.table.find(&self.region, &self.name, name)
    }

    pub(crate) fn record(&self, entry: &Entry) -> Result<Option<Record>> {
        match Passport::find_in(&self.region, &self.table, &self.name)? {
            Some(passport) => passport.find(&self.region, &self.name, entry),
            None => Ok(None),
        }
    }

    /// Finds a structure and checks its kind and its elements against what this side expects.
    pub(crate) fn open_structure(&self, kind: Kind, name: &str, elements: &[&TypeDesc<'_>]) -> Result<Placed> {
        let Some(entry) = self.find(name)? else {
            let message = format!(
                "segment `{}` has no structure `{name}`; create it first, or list what there is with `zeroipc ls {}`",
                self.name, self.name
            );
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        self.check_entry(&entry, kind, elements)
    }

    fn check_entry(&self, entry: &Entry, kind: Kind, elements: &[&TypeDesc<'_>]) -> Result<Placed> {
        if entry.name == SCHEMA_ENTRY {
            let message =
                format!("`.schema` in segment `{}` holds the library's records; choose another name", self.name);
            return Err(Error::new(ErrorKind::KindMismatch, message));
        }
        let record = self.record(entry)?;
        if let Some(record) = &record {
            self.check_record(entry, record, kind, elements)?;
        }
        Ok(Placed { offset: entry.offset, size: entry.size, recorded: record.is_some() })
    }

    fn check_record(&self, entry: &Entry, record: &Record, kind: Kind, elements: &[&TypeDesc<'_>]) -> Result<()> {
        let (segment, name) = (&self.name, &entry.name);
        if record.foreign {
            let message = format!("segment `{segment}`: the record of `{name}` is of a later version; update ZeroIPC");
            return Err(Error::new(ErrorKind::UnsupportedVersion, message));
        }
        if record.kind != kind {
            let (is, wanted) = (kind_name(record.kind), kind_name(kind));
            let message =
                format!("`{name}` in segment `{segment}`: expected kind {wanted}, found {is}; open it as what it is");
            return Err(Error::new(ErrorKind::KindMismatch, message));
        }
        if record.types.len() != elements.len() {
            let (found, expected) = (record.types.len(), elements.len());
            let message =
                format!("segment `{segment}`: the record of `{name}` has {found} types, not {expected}; it is damaged");
            return Err(Error::corrupt(message));
        }
        elements.iter().zip(&record.types).enumerate().try_for_each(|(place, (ours, theirs))| {
            let part = match (elements.len(), place) {
                (2, 0) => "the keys of ",
                (2, _) => "the values of ",
                _ => "",
            };
            self.check_type(&format!("{part}{} `{name}` in segment `{segment}`", kind_name(kind)), name, ours, theirs)
        })
    }

    /// Checks one type of a structure against its record; `what` begins the error's sentence.
    fn check_type(&self, what: &str, name: &str, element: &TypeDesc<'_>, theirs: &RecordedType) -> Result<()> {
        if u64::from(theirs.size) == element.size() && theirs.schema == fingerprint::schema(element) {
            return Ok(());
        }
        let ours = describe(element, name)?;
        let (Ok(ours), Some(theirs)) = (Description::parse(&ours), theirs.description()) else {
            return Err(Error::corrupt(format!("segment `{}`: the record of `{name}` cannot be read", self.name)));
        };
        compare(ours, theirs).map_err(|difference| {
            Error::new(
                ErrorKind::TypeMismatch,
                format!(
                    "{what}: {difference}; this side expects {ours} of {} bytes, the segment holds {theirs} of {}: build \
                     both sides from one schema",
                    ours.size(),
                    theirs.size()
                ),
            )
        })
    }

    /// Creates a structure; `Exists` if its name is taken.
    pub(crate) fn create_structure(&self, blueprint: &Blueprint<'_>) -> Result<Placed> {
        match self.create_or_find(blueprint)? {
            (placed, true) => Ok(placed),
            (_, false) => {
                let (name, segment) = (blueprint.name, &self.name);
                let message = format!("segment `{segment}` has a structure `{name}` already; open it, or rename one");
                Err(Error::new(ErrorKind::Exists, message))
            }
        }
    }

    /// Opens a structure, or creates it if there is none; `true` when created.
    pub(crate) fn open_or_create_structure(&self, blueprint: &Blueprint<'_>) -> Result<(Placed, bool)> {
        if let Some(entry) = self.find(blueprint.name)? {
            return Ok((self.check_entry(&entry, blueprint.kind, blueprint.elements)?, false));
        }
        let (placed, created) = self.create_or_find(blueprint)?;
        if !created {
            return Ok((self.open_structure(blueprint.kind, blueprint.name, blueprint.elements)?, false));
        }
        Ok((placed, true))
    }

    fn create_or_find(&self, blueprint: &Blueprint<'_>) -> Result<(Placed, bool)> {
        check_entry(blueprint.name)
            .map_err(|error| Error::new(ErrorKind::BadName, format!("structure name `{}`: {error}", blueprint.name)))?;
        self.writable()?;
        let lock = Held::creation(&self.file, &self.name)?;
        point!("create.locked");
        if let Some(entry) = self.find(blueprint.name)? {
            return Ok((Placed { offset: entry.offset, size: entry.size, recorded: false }, false));
        }
        let passport = self.passport_for_new(&lock)?;
        let offset = self.table.place(&self.region, &self.name, blueprint.size, blueprint.fit)?;
        let entry = Entry { name: blueprint.name.to_owned(), offset, size: blueprint.size };
        self.reserve(&lock, &entry)?;
        (blueprint.initialise)(&self.region, offset)?;
        point!("create.initialised");
        if let Some(passport) = passport {
            let Blueprint { kind, elements, .. } = *blueprint;
            passport.write(&self.region, &self.table, &self.name, &entry, kind, elements)?;
        }
        self.table.publish(&self.region, &self.name, &entry)?;
        Ok((Placed { offset, size: blueprint.size, recorded: passport.is_some() }, true))
    }

    /// The passport that a new structure is recorded in, created with the first one; under the creation lock.
    fn passport_for_new(&self, lock: &Held) -> Result<Option<Passport>> {
        let found = Passport::find_in(&self.region, &self.table, &self.name)?;
        let empty = self.table.entry_count(&self.region, &self.name)? == 0;
        if found.is_some() || self.duck_typed || !empty || !Passport::fits(self.table.max_entries()) {
            return Ok(found);
        }
        let size = Passport::reserved(self.table.max_entries(), self.table.limit());
        let offset = self.table.place(&self.region, &self.name, size, Fit::ANY)?;
        let entry = Entry { name: SCHEMA_ENTRY.to_owned(), offset, size };
        self.reserve(lock, &entry)?;
        let first_id = os::random().map_err(|error| Error::system("draw a random number", error))? as u32;
        let passport = Passport::create(&self.region, offset, size, first_id)?;
        self.table.publish(&self.region, &self.name, &entry)?;
        Ok(Some(passport))
    }

    /// Gives an entry's bytes memory and sets them to zero: a creator that died may have written there. The data
    /// descriptor may have been closed by somebody, and its number be another file's; the lock's is the segment's.
    fn reserve(&self, lock: &Held, entry: &Entry) -> Result<()> {
        let failed = |error| out_of_memory(&self.name, entry.size, error);
        lock.file().reserve(entry.offset, entry.size).map_err(failed)?;
        let end = entry.offset + entry.size;
        let page = os::page_size();
        let (first_page, last_page) = (entry.offset.next_multiple_of(page), end / page * page);
        if first_page >= last_page || lock.file().has_data(first_page, last_page).map_err(failed)? {
            return self.region.zero(entry.offset, entry.size);
        }
        // Whole pages that nobody has written to read as zero; those at the ends are shared with others.
        self.region.zero(entry.offset, first_page - entry.offset)?;
        self.region.zero(last_page, end - last_page)
    }

    /// Removes the name if nobody else is attached.
    fn remove_if_last(&self) -> Result<()> {
        let Some(removal) = Held::removal(&self.file, &self.name)? else {
            return Ok(());
        };
        point!("detach.locked");
        // Under the lock, so that of two that leave at the same time the second sees nobody.
        self.attachment.release();
        let others = self.attachment.count(removal.file()).unwrap_or(1);
        if others == 0 && self.file.is_named(&self.name).unwrap_or(false) {
            point!("detach.counted");
            Memory::unlink(&self.name)?;
        }
        Ok(())
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // A forked child that never attached leaves nothing behind, and must not speak for its parent.
        if self.remove_on_last_detach && self.region.is_writable() && self.attachment.is_anchored() {
            // Nobody is there to be told; what stays can be removed by name.
            let _ = self.remove_if_last();
        }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("name", &self.name)
            .field("size", &self.region.len())
            .field("table", &self.table)
            .field("attachment", &self.attachment)
            .finish_non_exhaustive()
    }
}

/// The error for a structure without a record whose entry does not have the size that its capacity and this side's
/// elements give: other elements if they fill it evenly, damage otherwise.
pub(crate) fn wrong_size(
    kind: Kind,
    name: &str,
    segment: &str,
    entry: u64,
    header: u64,
    capacity: u64,
    stride: u64,
) -> Error {
    let (kind, data) = (kind_name(kind), entry.saturating_sub(header));
    if capacity > 0 && data >= capacity && data.is_multiple_of(capacity) {
        return Error::new(
            ErrorKind::TypeMismatch,
            format!(
                "{kind} `{name}` in segment `{segment}`: each of its {capacity} elements takes {} bytes, and this side's \
                 take {stride}; open it with the type it was created with",
                data / capacity
            ),
        );
    }
    Error::corrupt(format!(
        "{kind} `{name}` in segment `{segment}`: its entry has {entry} bytes, which {capacity} elements do not fill; the \
         segment is damaged, create it anew"
    ))
}

/// Checks an element type and a capacity, and computes what `capacity` elements need behind a header.
pub(crate) fn structure_size(name: &str, header: u64, stride: u64, capacity: u64, element: u64) -> Result<u64> {
    if element == 0 || element > MAX_ELEMENT_SIZE {
        let message =
            format!("structure `{name}`: an element has {element} bytes and 1 to {MAX_ELEMENT_SIZE} are possible");
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    stride.checked_mul(capacity).and_then(|data| data.checked_add(header)).ok_or_else(|| {
        let message =
            format!("structure `{name}`: {capacity} elements of {element} bytes are more than memory can have");
        Error::new(ErrorKind::BadArgument, message)
    })
}
