//! The map beside hash maps of this process: a look at a key that is there, and writing one.

use std::collections::HashMap;
use std::hint::black_box;

use zeroipc::{Map, Memory, Result};

use super::race::Race;
use crate::report::Report;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    for keys in [10_000, 1_000_000 / scale.min(10)] {
        one_size(report, keys, repeat, 2_000_000 / scale)?;
    }
    Ok(())
}

/// The keys in an order that no cache foresees.
fn shuffled(keys: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..keys).map(key).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for end in (1..order.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(end, (state % (end as u64 + 1)) as usize);
    }
    order
}

/// Keys as programs have them: numbers that are close together and are multiples of something.
fn key(number: u64) -> u64 {
    number * 8
}

fn one_size(report: &mut Report, keys: u64, repeat: usize, operations: u64) -> Result<()> {
    let name = format!("/zeroipc_bench_map_{}", std::process::id());
    let memory =
        Memory::options().remove_on_last_detach(true).create(&name, 64 * 2 * keys.next_power_of_two() + (1 << 20))?;
    let ours = Map::<u64, u64>::create(&memory, "map", keys)?;
    let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
    let mut std_map = HashMap::with_hasher(hasher.clone());
    let dash = dashmap::DashMap::with_hasher(hasher.clone());
    let papaya = papaya::HashMap::with_hasher(hasher);
    for number in 0..keys {
        ours.upsert(key(number), number)?;
        std_map.insert(key(number), number);
        dash.insert(key(number), number);
        papaya.pin().insert(key(number), number);
    }
    let order = shuffled(keys);
    let at = |round: u64| &order[(round % keys) as usize];
    let gets = Race::new(operations)
        .with("zeroipc map", |round| {
            black_box(ours.get(black_box(at(round))).ok());
        })
        .with("std HashMap with ahash", |round| {
            black_box(std_map.get(black_box(at(round))));
        })
        .with("dashmap", |round| {
            black_box(dash.get(black_box(at(round))).map(|found| *found));
        })
        .with("papaya", |round| {
            black_box(papaya.pin().get(black_box(at(round))).copied());
        });
    report.add(gets.nanoseconds(repeat, format!("map, get of a key that is there, {keys} keys")));
    let std_map = std::cell::RefCell::new(std_map);
    let upserts = Race::new(operations / 2)
        .with("zeroipc map", |round| {
            black_box(ours.upsert(*black_box(at(round)), round).ok());
        })
        .with("std HashMap with ahash", |round| {
            black_box(std_map.borrow_mut().insert(*black_box(at(round)), round));
        })
        .with("dashmap", |round| {
            black_box(dash.insert(*black_box(at(round)), round));
        })
        .with("papaya", |round| {
            black_box(papaya.pin().insert(*black_box(at(round)), round).copied());
        });
    report.add(upserts.nanoseconds(repeat, format!("map, new value for a key that is there, {keys} keys")));
    Ok(())
}
