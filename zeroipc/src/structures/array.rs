//! An array: a capacity, and elements one behind the other.
//!
//! ```text
//! 0         8                                  8 + capacity × size
//! +----------+---------+---------+--- … ---+
//! | capacity | element | element |         |
//! +----------+---------+---------+--- … ---+
//! ```
//! Invariant **A1**: `data` leads to `capacity` elements inside the mapping, aligned for their type, and mapped as long
//! as the handle lives (its `segment` sees to that). The capacity is read once, when the array is opened.
//!
//! Nothing is claimed, so a crash leaves nothing behind but what was written.
//!
//! | access | ordering |
//! |---|---|
//! | `get`, `set`, copies, iteration | relaxed |
//! | `load` | acquire |
//! | `store` | release |
//! | `swap`, `compare_exchange`, `fetch_…` | acquire and release; a failed `compare_exchange` acquires |

use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::array::ArrayHeader;
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Placed, Segment, structure_size, wrong_size};
use crate::region::{copy_in, copy_out, move_in, move_out};
use crate::shm_layout::ShmLayout;
use crate::sync::{AcqRel, Acquire, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Relaxed, Release};
use crate::table::Fit;

const HEADER: u64 = size_of::<ArrayHeader>() as u64;

/// Fixed-size contiguous elements that every process may read and write at any time.
///
/// Elements of 1, 2, 4 and 8 bytes are read and written whole, one at a time; the bulk copies [`read`](Array::read) and
/// [`write`](Array::write) make no such promise. **Larger elements can be seen torn**: a reader may
/// get some bytes from before and some from after a write that is under way. When that matters, use a
/// [`Queue`](crate::Queue), or guard the array with an atomic counter.
///
/// Numbers have atomic operations: [`load`](Array::load), [`fetch_add`](Array::fetch_add) and the rest.
///
/// # Panics
/// Methods that take an index and return no `Result` or `Option` panic if it is not below [`len`](Array::len), as a
/// slice does. The length is this handle's own; no content of the memory makes a method panic.
///
/// # Examples
/// ```
/// use zeroipc::{Array, Memory};
/// # let name = format!("/zeroipc_doc_array_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 10 << 20)?;
/// let temperature = Array::<f32>::create(&memory, "temperature", 1000)?;
/// temperature.set(0, 23.5);
/// temperature.set(1, 24.1);
///
/// let reader = Array::<f32>::open(&memory, "temperature")?;
/// assert_eq!(reader.get(0), Some(23.5));
///
/// let counter = Array::<i32>::open_or_create(&memory, "counter", 1)?;
/// assert_eq!(counter.fetch_add(0, 1), 0);
/// assert_eq!(counter.load(0), 1);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Array<T> {
    data: NonNull<u8>,
    len: usize,
    writable: bool,
    segment: Arc<Segment>,
    name: Box<str>,
    element: PhantomData<fn(T) -> T>,
}

// SAFETY: `data` leads to shared memory, which every thread may access through the operations below (A1).
unsafe impl<T> Send for Array<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Array<T> {}

impl<T: ShmLayout> Array<T> {
    const SIZE: u64 = size_of::<T>() as u64;

    /// Creates an array of `capacity` zeroed elements.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64) -> Result<Array<T>> {
        let placed = Self::with_blueprint(name, capacity, |blueprint| memory.segment.create_structure(blueprint))?;
        Self::attach(memory, name, placed)
    }

    /// Opens an array.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Array<T>> {
        Self::attach(memory, name, memory.segment.open_structure(Kind::ARRAY, name, &[T::DESC])?)
    }

    /// Opens an array, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Array::create) and [`open`](Array::open), and [`BadArgument`](ErrorKind::BadArgument) if the array
    /// is there with another capacity.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64) -> Result<Array<T>> {
        let (placed, _) =
            Self::with_blueprint(name, capacity, |blueprint| memory.segment.open_or_create_structure(blueprint))?;
        let array = Self::attach(memory, name, placed)?;
        if array.len as u64 != capacity {
            let found = array.len;
            let message = format!(
                "array `{name}` exists with {found} elements and {capacity} were asked for; open it without a capacity"
            );
            return Err(Error::new(ErrorKind::BadArgument, message));
        }
        Ok(array)
    }

    fn with_blueprint<R>(name: &str, capacity: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        if capacity == 0 {
            let message = format!("array `{name}`: a capacity of 0 was asked for; ask for at least 1");
            return Err(Error::new(ErrorKind::BadArgument, message));
        }
        run(&Blueprint {
            kind: Kind::ARRAY,
            name,
            elements: &[T::DESC],
            size: structure_size(name, HEADER, Self::SIZE, capacity, Self::SIZE)?,
            fit: Fit::data_after_word(align_of::<T>() as u64),
            initialise: &|region, offset| {
                region.u64_at(offset + offset_of!(ArrayHeader, capacity) as u64)?.store(capacity, Relaxed);
                Ok(())
            },
        })
    }

    fn attach(memory: &Memory, name: &str, placed: Placed) -> Result<Array<T>> {
        let region = &memory.segment.region;
        let segment = &memory.segment.name;
        // Read once; the handle never asks again.
        let capacity = region.u64_at(placed.offset + offset_of!(ArrayHeader, capacity) as u64)?.load(Relaxed);
        let needed = structure_size(name, HEADER, Self::SIZE, capacity, Self::SIZE).ok();
        if capacity == 0 || needed != Some(placed.size) {
            return Err(wrong_size(Kind::ARRAY, name, segment, placed.size, HEADER, capacity, Self::SIZE));
        }
        let (start, align) = (placed.offset + HEADER, align_of::<T>() as u64);
        if !start.is_multiple_of(align) {
            let message = format!(
                "array `{name}` in segment `{segment}`: its elements begin at {start}, which is no multiple of {align} \
                 as this side's type needs; create it with this type"
            );
            return Err(Error::new(ErrorKind::TypeMismatch, message));
        }
        Ok(Array {
            data: region.pointer(start, placed.size - HEADER, align)?,
            len: capacity as usize,
            writable: region.is_writable(),
            segment: Arc::clone(&memory.segment),
            name: name.into(),
            element: PhantomData,
        })
    }

    /// How many elements the array has.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// `false`: an array has at least one element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The array's name in its segment.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A pointer to an element; the index is checked.
    #[inline(always)]
    fn element(&self, index: usize) -> *mut u8 {
        if index >= self.len {
            self.out_of_bounds(index);
        }
        // SAFETY: `index < len`, so the element is one of those that A1 speaks of.
        unsafe { self.element_unchecked(index) }
    }

    /// # Safety
    /// `index ≤ len`.
    #[inline(always)]
    unsafe fn element_unchecked(&self, index: usize) -> *mut u8 {
        // SAFETY: the caller promises an index of the array or its end (A1).
        unsafe { self.data.as_ptr().add(index * size_of::<T>()) }
    }

    #[cold]
    #[inline(never)]
    fn out_of_bounds(&self, index: usize) -> ! {
        panic!("index {index} is out of bounds of array `{}` with {} elements", self.name, self.len)
    }

    #[inline(always)]
    fn check_writable(&self) {
        if !self.writable {
            self.not_writable();
        }
    }

    #[cold]
    #[inline(never)]
    fn not_writable(&self) -> ! {
        panic!(
            "array `{}` belongs to a segment that is open for reading only; ask `is_writable` first, or open the \
             segment with `Memory::open`",
            self.name
        )
    }

    /// Whether elements can be written; they cannot in a segment that is open for reading only.
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// An element, or `None` beyond the end.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        if index >= self.len {
            return None;
        }
        // SAFETY: `index < len`.
        let from = unsafe { self.element_unchecked(index) };
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: `from` leads to an element (A1), and `value` has room for one.
        unsafe { copy_element_out::<T>(from, value.as_mut_ptr()) };
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Some(unsafe { value.assume_init() })
    }

    /// Sets an element.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn set(&self, index: usize, value: T) {
        self.check_writable();
        let to = self.element(index);
        // SAFETY: `to` leads to an element (A1).
        unsafe { copy_element_in::<T>(&value, to) };
    }

    /// Copies elements from `start` on into `out`.
    ///
    /// # Errors
    /// [`OutOfBounds`](ErrorKind::OutOfBounds) if they reach beyond the end; then nothing is copied.
    pub fn read(&self, start: usize, out: &mut [T]) -> Result<()> {
        let from = self.range(start, out.len())?;
        // SAFETY: `range` has checked that so many elements begin there (A1); `out` is private.
        unsafe { copy_out(from, out.as_mut_ptr().cast(), size_of_val(out), unit_align::<T>()) };
        Ok(())
    }

    /// Copies elements into the array from `start` on.
    ///
    /// # Errors
    /// [`OutOfBounds`](ErrorKind::OutOfBounds) if they reach beyond the end, [`ReadOnly`](ErrorKind::ReadOnly); then
    /// nothing is copied.
    pub fn write(&self, start: usize, values: &[T]) -> Result<()> {
        self.segment.writable()?;
        let to = self.range(start, values.len())?;
        // SAFETY: `range` has checked that so many elements begin there (A1); `values` is private, and `Pod` types have
        // no uninitialised bytes.
        unsafe { copy_in(values.as_ptr().cast(), to, size_of_val(values), unit_align::<T>()) };
        Ok(())
    }

    fn range(&self, start: usize, len: usize) -> Result<*mut u8> {
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            let (name, have) = (&self.name, self.len);
            let message = format!("array `{name}`: {len} elements from {start} on reach beyond its {have}");
            return Err(Error::new(ErrorKind::OutOfBounds, message));
        }
        // SAFETY: `start ≤ len`.
        Ok(unsafe { self.element_unchecked(start) })
    }

    /// All elements, copied.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }

    /// Sets every element.
    ///
    /// # Panics
    /// If the segment is open for reading only.
    pub fn fill(&self, value: T) {
        self.check_writable();
        for index in 0..self.len {
            // SAFETY: `index < len`.
            let to = unsafe { self.element_unchecked(index) };
            // SAFETY: `to` leads to an element (A1).
            unsafe { copy_element_in::<T>(&value, to) };
        }
    }

    /// The elements one after the other, each copied when it is reached.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { array: self, next: 0 }
    }

    /// The first element's address, for access without a copy. Peers may write at any time: read and write through the
    /// pointer with atomic or volatile accesses, or see [`as_slice`](Array::as_slice).
    #[inline]
    pub fn as_ptr(&self) -> *mut T {
        self.data.as_ptr().cast()
    }

    /// The elements without a copy.
    ///
    /// # Safety
    /// As long as the slice lives, nobody writes to the array: no process, thread or language.
    #[inline]
    pub unsafe fn as_slice(&self) -> &[T] {
        // SAFETY: the elements are there and aligned (A1), any bytes are valid since `T` is `Pod`, and the caller promises
        // that nobody writes.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len) }
    }

    /// The elements without a copy, for writing.
    ///
    /// # Safety
    /// As long as the slice lives, nobody else reads or writes the array: no process, thread, language, or clone of this
    /// handle. The segment is not open for reading only.
    #[inline]
    pub unsafe fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the elements are there and aligned (A1), any bytes are valid since `T` is `Pod`, and the caller promises
        // that nobody else accesses them.
        unsafe { std::slice::from_raw_parts_mut(self.as_ptr(), self.len) }
    }
}

/// What elements are aligned to: their offsets are multiples of their size, from an address aligned to 8.
const fn unit_align<T>() -> usize {
    1 << (size_of::<T>() | 8).trailing_zeros()
}

/// Reads one element: in one access where the machine has one of that size.
///
/// # Safety
/// `from` leads to an element in an array, and `to` has room for a `T`.
#[inline(always)]
unsafe fn copy_element_out<T>(from: *const u8, to: *mut T) {
    let to = to.cast::<u8>();
    match size_of::<T>() {
        // SAFETY: a byte in the mapping, and as many private ones.
        1 => unsafe { move_out::<AtomicU8>(from, to) },
        // SAFETY: two aligned bytes in the mapping, and as many private ones.
        2 => unsafe { move_out::<AtomicU16>(from, to) },
        // SAFETY: four aligned bytes in the mapping, and as many private ones.
        4 => unsafe { move_out::<AtomicU32>(from, to) },
        // SAFETY: eight aligned bytes in the mapping, and as many private ones.
        8 => unsafe { move_out::<AtomicU64>(from, to) },
        size => {
            // SAFETY: as the caller promises.
            unsafe { copy_out(from, to, size, unit_align::<T>()) };
            size
        }
    };
}

/// Writes one element: in one access where the machine has one of that size.
///
/// # Safety
/// `to` leads to an element in an array.
#[inline(always)]
unsafe fn copy_element_in<T>(value: &T, to: *mut u8) {
    let from: *const u8 = std::ptr::from_ref(value).cast();
    match size_of::<T>() {
        // SAFETY: a byte in the mapping, and as many private ones.
        1 => unsafe { move_in::<AtomicU8>(from, to) },
        // SAFETY: two aligned bytes in the mapping, and as many private ones.
        2 => unsafe { move_in::<AtomicU16>(from, to) },
        // SAFETY: four aligned bytes in the mapping, and as many private ones.
        4 => unsafe { move_in::<AtomicU32>(from, to) },
        // SAFETY: eight aligned bytes in the mapping, and as many private ones.
        8 => unsafe { move_in::<AtomicU64>(from, to) },
        size => {
            // SAFETY: as the caller promises.
            unsafe { copy_in(from, to, size, unit_align::<T>()) };
            size
        }
    };
}

/// A number that an array can change atomically.
///
/// Arithmetic of whole numbers wraps around. For floats, `fetch_min` and `fetch_max` prefer a number to a NaN, and keep
/// a NaN only if both are; a float is changed by a loop of compare-exchange, whole numbers by one instruction where the
/// machine has it.
pub trait AtomicNumber: ShmLayout + private::Sealed {
    /// The number's bits, as the machine exchanges them.
    #[doc(hidden)]
    type Bits: private::Bits;
    #[doc(hidden)]
    fn to_bits(self) -> Self::Bits;
    #[doc(hidden)]
    fn from_bits(bits: Self::Bits) -> Self;
    #[doc(hidden)]
    fn wrapping_sum(self, other: Self) -> Self;
    #[doc(hidden)]
    fn wrapping_difference(self, other: Self) -> Self;
    #[doc(hidden)]
    fn smaller(self, other: Self) -> Self;
    #[doc(hidden)]
    fn larger(self, other: Self) -> Self;
    /// Adds in one instruction, where that gives the right bits.
    #[doc(hidden)]
    const ADDS_AS_BITS: bool;
}

/// A whole number, which also has bitwise operations.
pub trait AtomicInteger: AtomicNumber {}

mod private {
    use super::{AcqRel, Acquire, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Release};

    pub trait Sealed {}

    /// A whole number of the machine with its atomic cell.
    pub trait Bits: Copy + PartialEq {
        /// # Safety
        /// `at` is aligned, in a mapping, and accessed through atomics by everybody.
        unsafe fn cell<'a>(at: *mut u8) -> &'a Self::Cell;
        type Cell;
        fn load(cell: &Self::Cell) -> Self;
        fn store(cell: &Self::Cell, value: Self);
        fn swap(cell: &Self::Cell, value: Self) -> Self;
        fn compare_exchange(cell: &Self::Cell, old: Self, new: Self) -> Result<Self, Self>;
        fn add(cell: &Self::Cell, value: Self) -> Self;
        fn sub(cell: &Self::Cell, value: Self) -> Self;
        fn and(cell: &Self::Cell, value: Self) -> Self;
        fn or(cell: &Self::Cell, value: Self) -> Self;
        fn xor(cell: &Self::Cell, value: Self) -> Self;
    }

    macro_rules! bits {
        ($($bits:ty, $cell:ty;)*) => { $(
            impl Bits for $bits {
                type Cell = $cell;
                #[inline(always)]
                unsafe fn cell<'a>(at: *mut u8) -> &'a $cell {
                    // SAFETY: the caller promises an aligned word that everybody accesses through atomics.
                    unsafe { &*at.cast::<$cell>() }
                }
                #[inline(always)]
                fn load(cell: &$cell) -> Self { cell.load(Acquire) }
                #[inline(always)]
                fn store(cell: &$cell, value: Self) { cell.store(value, Release) }
                #[inline(always)]
                fn swap(cell: &$cell, value: Self) -> Self { cell.swap(value, AcqRel) }
                #[inline(always)]
                fn compare_exchange(cell: &$cell, old: Self, new: Self) -> Result<Self, Self> {
                    cell.compare_exchange(old, new, AcqRel, Acquire)
                }
                #[inline(always)]
                fn add(cell: &$cell, value: Self) -> Self { cell.fetch_add(value, AcqRel) }
                #[inline(always)]
                fn sub(cell: &$cell, value: Self) -> Self { cell.fetch_sub(value, AcqRel) }
                #[inline(always)]
                fn and(cell: &$cell, value: Self) -> Self { cell.fetch_and(value, AcqRel) }
                #[inline(always)]
                fn or(cell: &$cell, value: Self) -> Self { cell.fetch_or(value, AcqRel) }
                #[inline(always)]
                fn xor(cell: &$cell, value: Self) -> Self { cell.fetch_xor(value, AcqRel) }
            }
        )* };
    }

    bits! { u8, AtomicU8; u16, AtomicU16; u32, AtomicU32; u64, AtomicU64; }
}

macro_rules! integers {
    ($($int:ty => $bits:ty),*) => { $(
        impl private::Sealed for $int {}
        impl AtomicNumber for $int {
            type Bits = $bits;
            const ADDS_AS_BITS: bool = true;
            #[inline(always)]
            fn to_bits(self) -> $bits { self as $bits }
            #[inline(always)]
            fn from_bits(bits: $bits) -> Self { bits as $int }
            #[inline(always)]
            fn wrapping_sum(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn wrapping_difference(self, other: Self) -> Self { self.wrapping_sub(other) }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self { self.min(other) }
            #[inline(always)]
            fn larger(self, other: Self) -> Self { self.max(other) }
        }
        impl AtomicInteger for $int {}
    )* };
}

integers! { u8 => u8, u16 => u16, u32 => u32, u64 => u64, i8 => u8, i16 => u16, i32 => u32, i64 => u64 }

macro_rules! floats {
    ($($float:ty => $bits:ty),*) => { $(
        impl private::Sealed for $float {}
        impl AtomicNumber for $float {
            type Bits = $bits;
            const ADDS_AS_BITS: bool = false;
            #[inline(always)]
            fn to_bits(self) -> $bits { <$float>::to_bits(self) }
            #[inline(always)]
            fn from_bits(bits: $bits) -> Self { <$float>::from_bits(bits) }
            #[inline(always)]
            fn wrapping_sum(self, other: Self) -> Self { self + other }
            #[inline(always)]
            fn wrapping_difference(self, other: Self) -> Self { self - other }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self { self.min(other) }
            #[inline(always)]
            fn larger(self, other: Self) -> Self { self.max(other) }
        }
    )* };
}

floats! { f32 => u32, f64 => u64 }

use private::Bits as _;

type Cell<T> = <<T as AtomicNumber>::Bits as private::Bits>::Cell;
type BitsOf<T> = <T as AtomicNumber>::Bits;

impl<T: AtomicNumber> Array<T> {
    #[inline(always)]
    fn number(&self, index: usize) -> &Cell<T> {
        let at = self.element(index);
        // SAFETY: an element is in the mapping (A1) at a multiple of its size from an address aligned to 8, and all
        // accesses to it are atomic.
        unsafe { BitsOf::<T>::cell(at) }
    }

    #[inline(always)]
    fn number_to_change(&self, index: usize) -> &Cell<T> {
        self.check_writable();
        self.number(index)
    }

    /// Reads an element, acquiring what was written before it was stored.
    ///
    /// # Panics
    /// If `index` is beyond the end.
    #[inline]
    pub fn load(&self, index: usize) -> T {
        T::from_bits(BitsOf::<T>::load(self.number(index)))
    }

    /// Writes an element, releasing what was written before.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn store(&self, index: usize, value: T) {
        BitsOf::<T>::store(self.number_to_change(index), value.to_bits());
    }

    /// Writes an element and returns what was there.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn swap(&self, index: usize, value: T) -> T {
        T::from_bits(BitsOf::<T>::swap(self.number_to_change(index), value.to_bits()))
    }

    /// Writes an element if it has the bits of `current`, and returns what was there.
    ///
    /// # Errors
    /// What is there, if it is something else; then nothing was written.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn compare_exchange(&self, index: usize, current: T, new: T) -> Result<T, T> {
        let cell = self.number_to_change(index);
        match BitsOf::<T>::compare_exchange(cell, current.to_bits(), new.to_bits()) {
            Ok(old) => Ok(T::from_bits(old)),
            Err(found) => Err(T::from_bits(found)),
        }
    }

    #[inline(always)]
    fn update(&self, index: usize, change: impl Fn(T) -> T) -> T {
        let cell = self.number_to_change(index);
        let mut old = BitsOf::<T>::load(cell);
        loop {
            match BitsOf::<T>::compare_exchange(cell, old, change(T::from_bits(old)).to_bits()) {
                Ok(old) => return T::from_bits(old),
                Err(found) => old = found,
            }
        }
    }

    /// Adds to an element and returns what was there; whole numbers wrap around.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_add(&self, index: usize, value: T) -> T {
        if T::ADDS_AS_BITS {
            return T::from_bits(BitsOf::<T>::add(self.number_to_change(index), value.to_bits()));
        }
        self.update(index, |old| old.wrapping_sum(value))
    }

    /// Subtracts from an element and returns what was there; whole numbers wrap around.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_sub(&self, index: usize, value: T) -> T {
        if T::ADDS_AS_BITS {
            return T::from_bits(BitsOf::<T>::sub(self.number_to_change(index), value.to_bits()));
        }
        self.update(index, |old| old.wrapping_difference(value))
    }

    /// Sets an element to the smaller of the two and returns what was there. A NaN loses to a number.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_min(&self, index: usize, value: T) -> T {
        self.update(index, |old| old.smaller(value))
    }

    /// Sets an element to the larger of the two and returns what was there. A NaN loses to a number.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_max(&self, index: usize, value: T) -> T {
        self.update(index, |old| old.larger(value))
    }
}

impl<T: AtomicInteger> Array<T> {
    /// Sets an element to its bitwise "and" with `value` and returns what was there.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_and(&self, index: usize, value: T) -> T {
        T::from_bits(BitsOf::<T>::and(self.number_to_change(index), value.to_bits()))
    }

    /// Sets an element to its bitwise "or" with `value` and returns what was there.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_or(&self, index: usize, value: T) -> T {
        T::from_bits(BitsOf::<T>::or(self.number_to_change(index), value.to_bits()))
    }

    /// Sets an element to its bitwise "exclusive or" with `value` and returns what was there.
    ///
    /// # Panics
    /// If `index` is beyond the end, or the segment is open for reading only.
    #[inline]
    pub fn fetch_xor(&self, index: usize, value: T) -> T {
        T::from_bits(BitsOf::<T>::xor(self.number_to_change(index), value.to_bits()))
    }
}

/// The elements of an array, one after the other: see [`Array::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    array: &'a Array<T>,
    next: usize,
}

impl<T: ShmLayout> Iterator for Iter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let value = self.array.get(self.next)?;
        self.next += 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.array.len - self.next;
        (left, Some(left))
    }
}

impl<T: ShmLayout> ExactSizeIterator for Iter<'_, T> {}

impl<'a, T: ShmLayout> IntoIterator for &'a Array<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        Array {
            data: self.data,
            len: self.len,
            writable: self.writable,
            segment: Arc::clone(&self.segment),
            name: self.name.clone(),
            element: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array")
            .field("segment", &self.segment.name)
            .field("name", &self.name)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
