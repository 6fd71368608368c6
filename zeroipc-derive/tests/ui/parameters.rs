use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Of<T> {
    value: T,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Borrowed<'a> {
    value: &'a u32,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Conditional<const N: usize>
where
    [u8; N]: Sized,
{
    bytes: [u8; N],
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Cube<const A: usize, const B: usize, const C: usize> {
    bytes: [[[u8; A]; B]; C],
}

fn use_it(of: Of<u32>) -> u64 {
    Of::<u32>::DESC.size() + u64::from(of.value)
}

fn main() {}
