//! What is played on each structure, and how its histories are read.

use zeroipc::{Memory, Queue};

use super::game::{Game, Player};
use super::model::{self, Access, End};
use super::tape::{Lane, Raw};
use super::{Call, NEVER, is_linearizable};
use crate::SOON;
use crate::chaos::load::Answer;
use crate::containers::{Container, drained, item, number, refused};
use crate::rng::Rng;
use crate::types::Item;

/// All games.
pub fn games() -> Vec<Game> {
    vec![container::<Queue<Item>>("queue", |memory, room, calls| check::<Queue<Item>>(memory, room, calls, End::First))]
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
