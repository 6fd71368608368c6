//! What is played on each structure, and how its histories are read.

use std::collections::BTreeSet;

use zeroipc::{Channel, Map, Memory, Queue, Stack};

use super::game::{Game, Player};
use super::model::{self, Access, End, Lookup, Slot};
use super::tape::{Lane, Raw};
use super::{Call, NEVER, is_linearizable};
use crate::SOON;
use crate::chaos::load::Answer;
use crate::containers::{Container, drained, item, number, refused};
use crate::rng::Rng;
use crate::types::Item;

/// All games.
pub fn games() -> Vec<Game> {
    vec![
        container::<Queue<Item>>("queue", |memory, room, calls| check::<Queue<Item>>(memory, room, calls, End::First)),
        container::<Stack<Item>>("stack", |memory, room, calls| check::<Stack<Item>>(memory, room, calls, End::Last)),
        container::<Channel<Item>>("channel", |memory, room, calls| {
            check::<Channel<Item>>(memory, room, calls, End::First)
        }),
        Game { structure: "map", prepare: prepare_map, play: play_map, check: check_map },
    ]
}

const PUT: u64 = 1;
const TAKE: u64 = 2;

/// A container's game.
fn container<C: Container>(structure: &'static str, check: fn(&Memory, u64, &[Call<Raw>]) -> bool) -> Game {
    Game { structure, prepare: prepare::<C>, play: play::<C>, check }
}

fn prepare<C: Container>(memory: &Memory, rng: &mut Rng) -> u64 {
    let container = C::make(memory, *rng.pick(&[1, 2, 2, 4, 8]));
    // Some begin in another lap than the first.
    for value in 0..rng.below(10) {
        container.try_put(item(value)).expect("there is room");
        container.try_take().expect("it is whole").expect("it is there");
    }
    container.room()
}

fn play<C: Container>(memory: &Memory, lane: &Lane<'_>, player: &mut Player) {
    let container = C::find(memory);
    lane.await_start();
    for count in 0..player.operations {
        let value = player.me << 32 | count;
        match player.rng.below(6) {
            0..3 => lane.call(PUT, value, || refused(container.try_put(item(value))).map(|()| value)),
            3 => lane.call(PUT, value, || refused(container.put(item(value), SOON / 1000)).map(|()| value)),
            _ => lane.call(TAKE, 0, || container.try_take().expect("it is whole").map(number)),
        };
    }
}

fn check<C: Container>(memory: &Memory, room: u64, calls: &[Call<Raw>], takes: End) -> bool {
    is_container(calls, &drained(&C::find(memory)), model::Container { capacity: room as usize, takes })
}

/// Whether the calls, and then the taking of all that is left, are those of a container.
fn is_container(calls: &[Call<Raw>], left: &[u64], container: model::Container) -> bool {
    let mut all: Vec<Call<Access>> = calls.iter().map(access).collect();
    let rest = left.iter().copied().map(Some).chain([None]);
    // Behind all that has ended; what was cut short may still stand behind.
    let last = NEVER / 2;
    all.extend((last..).step_by(2).zip(rest).map(|(begun, found)| Call {
        begun,
        ended: begun + 1,
        what: Access::Take(Some(found), Vec::new()),
    }));
    Access::complete(&mut all);
    is_linearizable(&container, &all)
}

fn access(call: &Call<Raw>) -> Call<Access> {
    let Raw { operation, value, answer } = call.what;
    let told = match answer {
        Answer::None => None,
        Answer::No => Some(None),
        Answer::Yes(value) => Some(Some(value)),
    };
    let what = if operation == PUT {
        Access::Put(value, told.map(|told| told.is_some()), Vec::new())
    } else {
        Access::Take(told, Vec::new())
    };
    Call { begun: call.begun, ended: call.ended, what }
}

const INSERT: u64 = 3;
const UPSERT: u64 = 4;
const GET: u64 = 5;
const REMOVE: u64 = 6;
const SWAP: u64 = 7;

/// What is at hand, in one number: the key, the value that is given, and the one that is expected.
fn about(key: u64, value: u64, expected: u64) -> u64 {
    key << 60 | value << 30 | expected
}

fn prepare_map(memory: &Memory, rng: &mut Rng) -> u64 {
    // Few slots, so that keys share their places.
    drop(Map::<u64, Item>::create(memory, "m", 3).expect("a map"));
    1 + rng.below(3)
}

/// Values are numbered from 1; no two operations give the same one.
fn play_map(memory: &Memory, lane: &Lane<'_>, player: &mut Player) {
    let map = Map::<u64, Item>::open(memory, "m").expect("the map opens");
    lane.await_start();
    let mut known = 0;
    for count in 0..player.operations {
        let key = player.rng.below(3);
        let value = (player.me + 1) << 8 | count;
        let found = |found: Option<Item>| Some(found.map_or(0, number));
        let told = match player.rng.below(6) {
            0 => lane.call(INSERT, about(key, value, 0), || Some(map.insert(key, item(value)).expect("room").into())),
            1 => lane.call(UPSERT, about(key, value, 0), || found(map.upsert(key, item(value)).expect("room"))),
            2 => lane.call(REMOVE, about(key, 0, 0), || found(map.remove(&key).expect("whole"))),
            3 => lane.call(SWAP, about(key, value, known), || {
                Some(map.compare_and_swap(&key, &item(known), item(value)).expect("whole").into())
            }),
            _ => lane.call(GET, about(key, 0, 0), || found(map.get(&key).expect("whole"))),
        };
        // Mostly something that has been there, of one key or another.
        known = told.filter(|told| *told > 1).unwrap_or(known);
    }
}

fn check_map(memory: &Memory, _: u64, calls: &[Call<Raw>]) -> bool {
    let map = Map::<u64, Item>::open(memory, "m").expect("the map opens");
    let keys: BTreeSet<u64> = calls.iter().map(|call| call.what.value >> 60).collect();
    keys.into_iter().all(|key| {
        let mut all: Vec<Call<Lookup>> = calls.iter().filter(|call| call.what.value >> 60 == key).map(lookup).collect();
        let left = map.get(&key).expect("whole").map(number);
        all.push(Call { begun: NEVER / 2, ended: NEVER / 2 + 1, what: Lookup::Get(Some(left)) });
        is_linearizable(&Slot, &all)
    })
}

fn lookup(call: &Call<Raw>) -> Call<Lookup> {
    let Raw { operation, value: about, answer } = call.what;
    let (value, expected) = (about >> 30 & 0x3fff_ffff, about & 0x3fff_ffff);
    let told = match answer {
        Answer::Yes(told) => Some(told),
        _ => None,
    };
    let done = told.map(|told| told != 0);
    let found = told.map(|told| (told != 0).then_some(told));
    let what = match operation {
        INSERT => Lookup::InsertNew(value, done),
        UPSERT => Lookup::Insert(value, found),
        REMOVE => Lookup::Remove(found),
        SWAP => Lookup::Swap(expected, value, done),
        _ => Lookup::Get(found),
    };
    Call { begun: call.begun, ended: call.ended, what }
}
