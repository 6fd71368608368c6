//! What an operation costs when nobody contends, beside the best peer in the same run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_queue::ArrayQueue;
use zeroipc::{Array, Memory, Queue, ShmLayout};

fn memory() -> Memory {
    let name = format!("/zeroipc_bench_{}", std::process::id());
    Memory::options().remove_on_last_detach(true).open_or_create(&name, 64 << 20).expect("a segment for the benchmark")
}

fn pair<T: ShmLayout>(criterion: &mut Criterion, memory: &Memory, name: &str, value: T) {
    let queue = Queue::<T>::create(memory, name, 1024).expect("a queue");
    let peer = ArrayQueue::<T>::new(1024);
    let mut group = criterion.benchmark_group(format!("push and pop, {} bytes", size_of::<T>()));
    group.bench_function("crossbeam ArrayQueue", |bencher| {
        bencher.iter(|| {
            let _ = peer.push(black_box(value));
            black_box(peer.pop())
        });
    });
    group.bench_function("zeroipc Queue", |bencher| {
        bencher.iter(|| {
            let _ = queue.try_push(black_box(value));
            black_box(queue.try_pop())
        });
    });
    group.finish();
}

fn bulk(criterion: &mut Criterion, memory: &Memory) {
    let queue = Queue::<u64>::create(memory, "bulk", 1024).expect("a queue");
    let values = [7_u64; 32];
    let mut out = [0_u64; 32];
    let mut group = criterion.benchmark_group("push and pop 32 elements of 8 bytes");
    group.bench_function("one by one", |bencher| {
        bencher.iter(|| {
            for value in values {
                let _ = queue.try_push(black_box(value));
            }
            for value in &mut out {
                *value = queue.try_pop().ok().flatten().unwrap_or(0);
            }
            black_box(out)
        });
    });
    group.bench_function("bulk", |bencher| {
        bencher.iter(|| {
            let _ = queue.try_push_many(black_box(&values));
            let _ = queue.try_pop_many(&mut out);
            black_box(out)
        });
    });
    group.finish();
}

fn array(criterion: &mut Criterion, memory: &Memory) {
    let array = Array::<f64>::create(memory, "array", 4096).expect("an array");
    let slice = vec![0.5_f64; 4096];
    array.fill(0.5);
    let mut group = criterion.benchmark_group("sum of 4,096 elements by index");
    group.bench_function("slice, relaxed atomics", |bencher| {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        let atomics: Vec<AtomicU64> = slice.iter().map(|value| AtomicU64::new(value.to_bits())).collect();
        bencher.iter(|| {
            let atomics = black_box(&atomics);
            (0..atomics.len()).map(|i| f64::from_bits(atomics[i].load(Relaxed))).sum::<f64>()
        });
    });
    group.bench_function("slice", |bencher| {
        bencher.iter(|| {
            let slice = black_box(&slice);
            (0..slice.len()).map(|i| slice[i]).sum::<f64>()
        });
    });
    group.bench_function("zeroipc Array", |bencher| {
        bencher.iter(|| {
            let array = black_box(&array);
            (0..array.len()).map(|i| array.get(i).unwrap_or_default()).sum::<f64>()
        });
    });
    group.finish();
    let mut group = criterion.benchmark_group("write 4,096 elements by index");
    let mut slice = slice;
    group.bench_function("slice", |bencher| {
        bencher.iter(|| {
            let slice = black_box(&mut slice);
            for element in slice.iter_mut() {
                *element = black_box(1.5);
            }
        });
    });
    group.bench_function("zeroipc Array", |bencher| {
        bencher.iter(|| {
            let array = black_box(&array);
            for i in 0..array.len() {
                array.set(i, black_box(1.5));
            }
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    let memory = memory();
    pair(criterion, &memory, "q8", 7_u64);
    pair(criterion, &memory, "q64", [7_u64; 8]);
    pair(criterion, &memory, "q1024", [7_u64; 128]);
    bulk(criterion, &memory);
    array(criterion, &memory);
}

criterion_group!(benches, all);
criterion_main!(benches);
