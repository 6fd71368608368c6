#!/usr/bin/env python3
"""Breaks the kernels in known ways, one at a time, and checks that a model fails.

    tests/models/mutate.py            all mutations, a table
    tests/models/mutate.py WORD       those whose name contains WORD

The workspace's files that the models need are copied to `mutants/` in the target directory, with a target directory of
their own: cargo cannot tell two copies of a workspace apart in one. Nothing here is touched. Each mutation replaces a
text that must occur exactly once, and runs the models that are expected to notice. The table says which did. The exit
status is 0 if every mutation was noticed, and the models pass without one.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
COPY = TARGET / "mutants"
SECONDS = 150

KERNEL = "zeroipc/src/structures/queue_kernel.rs"
ONCE = "zeroipc/src/structures/once_kernel.rs"
CHANNEL = "zeroipc/src/structures/channel_kernel.rs"
MAP = "zeroipc/src/structures/map_kernel.rs"
TABLE = "zeroipc/src/table.rs"
PASSPORT = "zeroipc/src/passport.rs"
WAITING = "zeroipc/src/structures/waiting.rs"
ROSTER = "zeroipc/src/reactor/roster.rs"
SEMAPHORE = "zeroipc/src/structures/semaphore_kernel.rs"
RWLOCK = "zeroipc/src/structures/rwlock_kernel.rs"
LATCH = "zeroipc/src/structures/latch_kernel.rs"
EVENT = "zeroipc/src/structures/event_kernel.rs"
BARRIER = "zeroipc/src/structures/barrier_kernel.rs"
SIGNAL = "zeroipc/src/structures/signal_kernel.rs"
WORLD = "tests/models/src/world.rs"
BROADCAST = "zeroipc/src/structures/broadcast_kernel.rs"

# What is broken, where, the text, what replaces it, and the models that notice.
MUTATIONS = [
    ("publish stores FULL relaxed", KERNEL,
     "store(full(claim.position), Release)", "store(full(claim.position), Relaxed)",
     ["two_producers_one_consumer", "capacity_1_wraps"]),
    ("peek loads the state relaxed", KERNEL,
     "            let word = self.cells.state(index).load(Acquire);",
     "            let word = self.cells.state(index).load(Relaxed);",
     ["two_producers_one_consumer", "capacity_1_wraps"]),
    ("claim is a relaxed CAS", KERNEL,
     "writing(t, me), Acquire, Relaxed)", "writing(t, me), Relaxed, Relaxed)",
     ["capacity_1_wraps", "capacity_2_wraps"]),
    ("take is a relaxed CAS", KERNEL,
     "compare_exchange(peek.word, next, AcqRel, Relaxed)", "compare_exchange(peek.word, next, Relaxed, Relaxed)",
     ["capacity_1_wraps", "capacity_2_wraps"]),
    ("take is a store", KERNEL,
     "match self.cells.state(peek.index).compare_exchange(peek.word, next, AcqRel, Relaxed) {",
     "self.cells.state(peek.index).store(next, Release);\n        match Ok::<u64, u64>(peek.word) {",
     ["two_consumers_of_what_is_there", "a_torn_copy_is_thrown_away"]),
    ("recover is a relaxed CAS", KERNEL,
     "compare_exchange(word, next, AcqRel, Relaxed).is_ok() {\n            point!(\"queue.recover.freed\");",
     "compare_exchange(word, next, Relaxed, Relaxed).is_ok() {\n            point!(\"queue.recover.freed\");",
     ["what_a_dead_producer_wrote_is_overwritten"]),
    ("recover is a store", KERNEL,
     "if state.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {\n            point!(\"queue.recover.freed\");", "state.store(next, Release);\n        {",
     ["two_recover_the_same_cell", "two_consumers_recover_and_take"]),
    ("recover stays in its lap", KERNEL,
     "let next = empty((position + self.cells.mask() + 1) & POSITION_MASK);\n        // SYNC free\n",
     "let next = empty(position);\n        // SYNC free\n",
     ["a_dead_producer_and_one_consumer", "two_recover_the_same_cell"]),
    ("a walk goes on at p, not behind p - capacity", KERNEL,
     "position.saturating_sub(mask)", "position",
     ["two_producers_one_consumer", "hints_from_another_lap", "one_producer_two_consumers"]),
    ("a push beside a claimed cell stays", KERNEL,
     "=> Step::Go(after(p)),", "=> Step::Go(p + 2),",
     ["two_producers_one_consumer", "hints_from_another_lap_with_two_producers"]),
    ("WRITING is read with the hint's high bits", KERNEL,
     "let position = near.wrapping_add_signed(distance) & POSITION_MASK;",
     "let position = (near & !(u64::MAX >> unused) | low) & POSITION_MASK;\n            let _ = distance;",
     ["a_dead_producer_before_2_pow_37"]),
    ("the first round without a move is corrupt", KERNEL,
     "if unmoved && self.unmoved ||", "if unmoved ||",
     ["old_words_are_not_corrupt"]),
    ("consumers set no wait bit", KERNEL,
     "let sleeping = word | CELL_WAIT_BIT;", "let sleeping = word;",
     ["a_consumer_sleeps_until_an_element_comes", "a_producer_sleeps_until_there_is_room"]),
    ("a claim forgets the wait bit", KERNEL,
     "wake: has_waiters(word) });", "wake: false });",
     ["a_consumer_sleeps_until_an_element_comes"]),
    ("a take forgets the wait bit", KERNEL,
     "Ok(word) => Some(has_waiters(word)),", "Ok(_) => Some(false),",
     ["a_producer_sleeps_until_there_is_room"]),
    ("a wake wakes one", KERNEL,
     "self.peers.wake_all(self.cells.state(index));", "self.peers.wake(self.cells.state(index), 1);",
     ["all_who_sleep_on_an_element_wake", "all_who_sleep_on_room_wake"]),
    ("a bulk operation wakes only its last cell", WORLD,
     "world.kernel().wake(earlier);", "let _ = (world, earlier);",
     ["a_bulk_push_wakes_on_every_cell"]),
    ("recovery wakes nobody", KERNEL,
     "self.peers.wake_all(state);\n        }\n    }", "}\n    }",
     ["recovery_wakes_the_sleepers"]),
    ("a sleep has no end", WAITING,
     "Nap { word, seen, at_most: LOOK }", "Nap { word, seen, at_most: Duration::MAX }",
     ["a_waker_that_dies_before_it_publishes", "a_waker_that_dies_before_it_wakes",
      "a_consumer_that_dies_before_it_wakes", "who_recovers_may_die_before_it_wakes"]),
    ("who waits for WRITING asks nobody", KERNEL,
     "if !self.peers.is_dead(owner) {", "if owner > 0 {",
     ["a_producer_waits_for_the_room_of_a_dead_one"]),
    ("the living are recovered", KERNEL,
     "if !self.peers.is_dead(owner) {\n            return false;\n        }", "",
     ["two_producers_one_consumer", "two_producers_on_capacity_1"]),
    ("bounds takes the tail for the head", KERNEL,
     "Ok((head, tail.max(head)))", "Ok((tail.min(head), head))",
     ["the_length_stays_within_the_capacity", "two_producers_one_consumer"]),
    ("a sleep on a new word stirs nobody", ROSTER,
     "State::Asleep if !word.armed || due < watch.until", "State::Asleep if due < watch.until",
     ["a_task_waits_until_its_word_changes", "a_task_waits_on_two_words"]),
    ("a sleep is enlisted on what has changed", ROSTER,
     "if naps.iter().any(|nap| low(nap.word) != nap.seen as u32) {", "if naps.is_empty() {",
     ["what_has_changed_is_not_slept_on"]),
    ("a look calls only whom the system woke", ROSTER,
     "if !(woken || changed || sleep.early <= now) {", "let _ = changed;\n                if !(woken || sleep.early <= now) {",
     ["a_task_waits_until_its_word_changes", "a_task_waits_on_two_words"]),
    ("wakes for a word that nobody waits for end there", ROSTER,
     "addresses.filter(|address| !words", "addresses.filter(|address| false && !words",
     ["a_dropped_future_passes_the_wake_on"]),
    ("a called future that is dropped owes nothing", ROSTER,
     "Left::Called(beds.iter().map(|bed| bed.place).collect())", "Left::Called(beds.iter().map(|bed| bed.place).take(0).collect())",
     ["a_dropped_future_passes_the_wake_on"]),
    ("a map's slot is published relaxed", MAP,
     "fetch_add(taken_bit(slot), Release)", "fetch_add(taken_bit(slot), Relaxed)",
     ["a_slot_that_is_used_again_is_not_mistaken", "what_stays_is_always_found"]),
    ("a map's copy is published relaxed", MAP,
     "fetch_add(NEXT_VERSION.wrapping_add(flip), Release)", "fetch_add(NEXT_VERSION.wrapping_add(flip), Relaxed)",
     ["a_large_value_is_whole"]),
    ("a map's reader does not look at the version again", MAP,
     "if same_version(state.load(Relaxed), seen) { Look::Here(slot, seen) } else { Look::Moved }",
     "Look::Here(slot, seen)",
     ["a_slot_that_is_used_again_is_not_mistaken", "a_large_value_is_whole"]),
    ("a map's reader looks again without a fence", MAP,
     "brings the version that allowed it.\n        fence(Acquire);", "brings the version that allowed it.",
     ["a_slot_that_is_used_again_is_not_mistaken", "a_large_value_is_whole"]),
    ("a map's slot is written without a fence", MAP,
     "the version that freed the slot, before its words.\n        fence(Release);",
     "the version that freed the slot, before its words.",
     ["a_slot_that_is_used_again_is_not_mistaken"]),
    ("a map's copy is written without a fence", MAP,
     "made the other copy the old one, before its words.\n        fence(Release);",
     "made the other copy the old one, before its words.",
     ["a_large_value_is_whole"]),
    ("a map's removal keeps the version", MAP,
     "NEXT_VERSION.wrapping_sub(taken_bit(slot))", "0_u64.wrapping_sub(taken_bit(slot))",
     ["a_slot_that_is_used_again_is_not_mistaken"]),
    ("a map's update writes the copy that counts", MAP,
     "Copied { copy: 1 - now.copy, ..now }", "now",
     ["a_large_value_is_whole"]),
    ("a map's bound is not raised before the slot is taken", MAP,
     "hold.word.store(home_word(hold.me, distance), Relaxed);", "",
     ["a_dead_insertion_is_in_nobodys_way", "two_take_over_from_a_dead_insertion"]),
    ("a map's bound is lowered too far", MAP,
     "(1..=hold.bound).rev().find(may_hold).unwrap_or(0)", "{ let _ = may_hold; 0 }",
     ["a_bound_is_lowered_while_another_key_comes", "a_bound_that_others_need_stays"]),
    ("a map's home is locked relaxed", MAP,
     "home_word(me, bound), Acquire, Relaxed)", "home_word(me, bound), Relaxed, Relaxed)",
     ["two_insert_the_same_key", "one_inserts_what_the_other_removes", "two_count"]),
    ("a map's home is released relaxed", MAP,
     "store(home_word(0, hold.bound), Release)", "store(home_word(0, hold.bound), Relaxed)",
     ["two_insert_the_same_key", "one_inserts_what_the_other_removes", "two_count"]),
    ("a map's bucket behind is not locked", MAP,
     "let free = self.free_slot(bucket);\n            if let Some((slot, state)) = free {\n"
     "                self.fill(hold, Place { bucket, slot, state, distance }, key, new);\n            }\n"
     "            self.unlock(other);",
     "self.unlock(other);\n            let free = self.free_slot(bucket);\n            if let Some((slot, state)) = free {\n"
     "                self.fill(hold, Place { bucket, slot, state, distance }, key, new);\n            }",
     ["two_homes_want_the_same_slot"]),
    ("entry_count is stored relaxed", TABLE,
     "store(index + 1, Release)", "store(index + 1, Relaxed)",
     ["who_sees_the_count_sees_everything", "two_creators_create_two_structures"]),
    ("entry_count is loaded relaxed", TABLE,
     "load_acquire_u32(region.u32_at(ENTRY_COUNT)?)", "region.u32_at(ENTRY_COUNT)?.load(Relaxed)",
     ["who_sees_the_count_sees_everything", "two_creators_create_two_structures"]),
    ("entry_count is stored before the entry", TABLE,
     "        let at = Table::entry_at(self.version, index);\n        let mut name = [0_u8; NAME_SIZE as usize];\n"
     "        name[..entry",
     "        let at = Table::entry_at(self.version, index);\n        region.u32_at(ENTRY_COUNT)?.store(index + 1, Release);\n"
     "        let mut name = [0_u8; NAME_SIZE as usize];\n        name[..entry",
     ["who_sees_the_count_sees_everything", "a_dead_creator_leaves_the_table_as_it_was"]),
    ("a dead creator's space is not used again", TABLE,
     "return Ok(offset);\n            }\n        }\n        Ok(next)", "}\n        }\n        Ok(next)",
     ["a_dead_creator_leaves_the_table_as_it_was"]),
    ("a dead creator's record stays", PASSPORT,
     "        Ok(start)\n    }\n\n    fn records", "        Ok(start + head.length as u64)\n    }\n\n    fn records",
     ["a_dead_creator_leaves_the_table_as_it_was"]),
    ("broadcast: commit stores relaxed", BROADCAST,
     "store(full(position), Release)", "store(full(position), Relaxed)",
     ["a_reader_gets_what_is_published", "a_producer_waits_for_the_slowest"]),
    ("broadcast: look has no fence", BROADCAST,
     "// SYNC publish. A fence, since a read-only mapping allows relaxed loads only.\n        fence(Acquire);", "",
     ["a_reader_gets_what_is_published"]),
    ("broadcast: begin has no fence", BROADCAST,
     "or a later one, behind its fence.\n        fence(Release);", "or a later one, behind its fence.",
     ["an_overwritten_element_is_lost_and_told", "a_lapped_reader_goes_on_at_the_oldest"]),
    ("broadcast: the second look has no fence", BROADCAST,
     "or later still.\n        fence(Acquire);", "or later still.",
     ["an_overwritten_element_is_lost_and_told", "a_lapped_reader_goes_on_at_the_oldest"]),
    ("broadcast: a cursor is moved relaxed", BROADCAST,
     "swap(at(position), Release)", "swap(at(position), Relaxed)",
     ["a_producer_waits_for_the_slowest"]),
    ("broadcast: cursors are loaded relaxed", BROADCAST,
     "self.words.cursor(slot).load(Acquire)", "self.words.cursor(slot).load(Relaxed)",
     ["a_producer_waits_for_the_slowest"]),
    ("broadcast: a grant has no fence", BROADCAST,
     "sees this limit.\n        fence(SeqCst);", "sees this limit.",
     ["a_reader_joins_while_the_producer_laps"]),
    ("broadcast: who joins has no fence", BROADCAST,
     "by the next load.\n        fence(SeqCst);", "by the next load.",
     ["a_reader_joins_while_the_producer_laps"]),
    ("broadcast: who joins ignores the limit", BROADCAST,
     "if floor <= position {", "if true {",
     ["a_reader_joins_while_the_producer_laps"]),
    ("broadcast: an announcement sees no sleeper", BROADCAST,
     "has_waiters(self.words.head().swap(at(next), Release))",
     "{\n            self.words.head().store(at(next), Release);\n            false\n        }",
     ["a_reader_sleeps_until_a_batch_comes", "two_readers_sleep"]),
    ("broadcast: a cursor's move sees no sleeper", BROADCAST,
     "point!(\"broadcast.read.moved\");\n        if has_waiters(old) {",
     "point!(\"broadcast.read.moved\");\n        if has_waiters(old) && false {",
     ["a_producer_waits_for_the_slowest", "two_readers_hold_up_the_producer"]),
    ("broadcast: the end wakes nobody", BROADCAST,
     "point!(\"broadcast.end.ended\");\n        if has_waiters(word) {",
     "point!(\"broadcast.end.ended\");\n        if false {",
     ["a_closed_stream_ends_behind_its_elements"]),
    ("broadcast: the dead are not put aside", BROADCAST,
     "if patience.spin(cursor, word) || self.evict_if_dead(slot, me) {", "if patience.spin(cursor, word) {",
     ["a_dead_reader_frees_the_producer"]),
    ("broadcast: the living are put aside", BROADCAST,
     "if !self.peers.is_dead(owner_of(word)) {\n            return false;\n        }", "",
     ["a_producer_waits_for_the_slowest"]),
    ("broadcast: a living producer is succeeded", BROADCAST,
     "ROLE_HELD if !self.peers.is_dead(role_owner(word)) => return Err(Refused::Held),", "",
     ["a_living_producer_is_not_succeeded"]),
    ("once: a fill is relaxed", ONCE,
     "compare_exchange(word, next, Release, Relaxed).is_ok() {\n                point!(\"once.leave.left\")",
     "compare_exchange(word, next, Relaxed, Relaxed).is_ok() {\n                point!(\"once.leave.left\")",
     ["who_sees_that_it_is_done_sees_the_value"]),
    ("once: a look at what is done does not acquire", ONCE,
     "fence(Acquire);\n        word & ONCE_TAG_MASK == ONCE_DONE", "word & ONCE_TAG_MASK == ONCE_DONE",
     ["who_sees_that_it_is_done_sees_the_value"]),
    ("once: a claim takes the wait bit away", ONCE,
     "mine | word & ONCE_WAIT_BIT, Relaxed", "mine, Relaxed",
     ["who_only_waits_is_woken_at_the_end"]),
    ("once: who fills wakes nobody", ONCE,
     "                    self.peers.wake_all(self.state);\n                }\n                return true;",
     "                }\n                return true;",
     ["who_only_waits_is_woken_at_the_end"]),
    ("once: no fence behind a claim", ONCE,
     "        fence(Release);\n", "",
     ["a_text_of_two_errors_is_never_told"]),
    ("once: a text is not looked at again", ONCE,
     "self.state.load(Relaxed) == word", "self.state.load(Relaxed) == word || true",
     ["a_text_of_two_errors_is_never_told"]),
    ("channel: a seal is a store", KERNEL,
     "if state.compare_exchange(word, sealed(word >> CELL_POSITION_SHIFT), Relaxed, Relaxed).is_err() {\n            return false;\n        }",
     "state.store(sealed(word >> CELL_POSITION_SHIFT), Relaxed);",
     ["what_was_sent_is_received_before_the_end"]),
    ("channel: a close does not count before a sleep", CHANNEL,
     "if self.is_closed() {\n                return match", "if false {\n                return match",
     ["closing_wakes_a_receiver"]),
    ("channel: a close leaves the wait bit", KERNEL,
     "if marked && state.compare_exchange(word, word & !CELL_WAIT_BIT, Relaxed, Relaxed).is_ok() {", "if marked {",
     ["closing_wakes_a_receiver"]),
    ("channel: who closes does not fence", CHANNEL,
     "        fence(SeqCst);\n        self.queue.rouse()?;", "        self.queue.rouse()?;",
     ["closing_wakes_a_receiver"]),
    ("channel: who sleeps does not fence", CHANNEL,
     "            fence(SeqCst);\n            if self.is_closed() {\n                return match",
     "            if self.is_closed() {\n                return match",
     ["closing_wakes_a_receiver"]),
    ("channel: a withdrawal is a store", KERNEL,
     "if state.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {\n                point!(\"queue.withdraw.withdrawn\");",
     "state.store(next, Release);\n            {\n                point!(\"queue.withdraw.withdrawn\");",
     ["a_value_is_taken_or_withdrawn"]),
    ("semaphore: a release stores FREE relaxed", SEMAPHORE,
     "store(returned(taken.word), Release)", "store(returned(taken.word), Relaxed)",
     ["one_permit_and_two_users"]),
    ("semaphore: a take is a relaxed CAS", SEMAPHORE,
     "compare_exchange(word, next, Acquire, Relaxed).is_ok();\n        if !taken", "compare_exchange(word, next, Relaxed, Relaxed).is_ok();\n        if !taken",
     ["one_permit_and_two_users"]),
    ("semaphore: a waiter marks and does not look again", SEMAPHORE,
     "let Some(taken) = self.try_take(owner)? else {", "let Some(taken) = None::<Taken> else {",
     ["one_permit_and_two_users"]),
    ("semaphore: who has slept wakes nobody", SEMAPHORE,
     "if slept && self.look", "if false && self.look",
     ["two_sleepers_get_two_permits_and_keep_them", "two_releasers_and_two_takers"]),
    ("semaphore: a release forgets who was overtaken", SEMAPHORE,
     "if !self.is_somebody_overtaken() {", "if true {",
     ["newcomers_give_way_to_who_was_overtaken"]),
    ("semaphore: one look refuses a release", SEMAPHORE,
     "if before == Some(sum) {", "if before == Some(sum) || true {",
     ["nobody_is_refused_who_gives_back_what_he_took"]),
    ("semaphore: the living are recovered", SEMAPHORE,
     "if alive == Some(owner) || !self.peers.is_dead(owner) {", "if alive == Some(owner) {",
     ["one_permit_and_two_users"]),
    ("rwlock: who leaves does not acquire from who asks", RWLOCK,
     "        fence(Acquire);\n        for index", "        for index",
     ["a_reader_asks_while_a_writer_leaves"]),
    ("latch: zero forgets the wait bit", LATCH,
     "if rest == 0 && word & LATCH_WAIT_BIT != 0 {", "if false {",
     ["all_who_wait_go_on", "a_waiter_sees_what_all_have_done"]),
    ("latch: counting down is relaxed", LATCH,
     "left(rest) | wait, Release, Relaxed)", "left(rest) | wait, Relaxed, Relaxed)",
     ["a_waiter_sees_what_all_have_done"]),
    ("event: a wait does not count the sets", EVENT,
     "is_set(word) || waiting.began != Some(times(word))", "is_set(word)",
     ["a_pulse_releases_all_who_sleep"]),
    ("event: who has slept leaves no wait bit", EVENT,
     "let wait = if slept { EVENT_WAIT_BIT } else { 0 };", "let wait = 0;",
     ["two_waiters_take_two_sets", "a_robbed_sleeper_is_woken_again"]),
    ("event: a set of what is set is relaxed", EVENT,
     "match self.state.compare_exchange(word, set, Release, Relaxed) {",
     "match self.state.compare_exchange(word, set, if is_set(word) { Relaxed } else { Release }, Relaxed) {",
     ["a_set_of_what_is_set_is_not_lost_to_a_reset"]),
    ("event: a reset does not acquire", EVENT,
     "fetch_and(!EVENT_SET_BIT, AcqRel)", "fetch_and(!EVENT_SET_BIT, Release)",
     ["a_set_of_what_is_set_is_not_lost_to_a_reset"]),
    ("barrier: an arrival is relaxed", BARRIER,
     "match state.compare_exchange(word, next, AcqRel, Relaxed) {\n                Ok(_) => {\n                    point!(\"barrier.arrive",
     "match state.compare_exchange(word, next, Relaxed, Relaxed) {\n                Ok(_) => {\n                    point!(\"barrier.arrive",
     ["two_parties_see_what_both_have_done"]),
    ("barrier: a withdrawal looks at no generation", BARRIER,
     "while generation(word) == arrival.0 && !is_broken(word) && arrived(word) > 0 {",
     "while !is_broken(word) {",
     ["a_withdrawal_makes_it_or_misses_it"]),
    ("barrier: a place is looked at once", BARRIER,
     "self.peers.is_dead(owner) && place.load(Relaxed) == word", "self.peers.is_dead(owner)",
     ["a_dead_members_arrival_is_not_overlooked"]),
    ("barrier: a reset tells nobody", BARRIER,
     "self.words.broken().fetch_max(present.wrapping_add(1), Relaxed);", "",
     ["a_reset_does_not_hide_that_it_was_broken"]),
    ("barrier: the last wakes nobody", BARRIER,
     "if word & BARRIER_WAIT_BIT != 0 {\n                        self.peers.wake_all(state);\n                        point!(\"barrier.arrive",
     "if false {\n                        self.peers.wake_all(state);\n                        point!(\"barrier.arrive",
     ["two_parties_see_what_both_have_done", "it_is_used_again"]),
    ("signal: publish is a relaxed CAS", SIGNAL,
     "match current.compare_exchange(word, next, Release, Relaxed) {", "match current.compare_exchange(word, next, Relaxed, Relaxed) {",
     ["a_reader_beside_a_writer", "a_waiter_sees_the_next_version"]),
    ("signal: a copy is always whole", SIGNAL,
     "        fence(Acquire);\n        self.words.state(latest.index).load(Relaxed) == value(latest.version)",
     "        true || self.words.state(latest.index).load(Relaxed) == value(latest.version)",
     ["a_reader_beside_a_writer"]),
    ("signal: no fence behind a claim", SIGNAL,
     "        fence(Release);\n", "",
     ["a_reader_beside_a_writer"]),
    ("signal: an update follows whatever is there", SIGNAL,
     "if follows.is_some_and(|version| version != latest.version) {", "if false && follows.is_some() {",
     ["no_update_is_lost"]),
    ("signal: the buffer of a dead writer is taken though it is current", SIGNAL,
     "if self.peers.is_dead(owner) && read(self.words.current().load(Relaxed)).index != index {", "if self.peers.is_dead(owner) {",
     ["the_buffer_that_a_dead_writer_published_is_not_taken"]),
]


def copy_workspace():
    """Copies what the models need, as a workspace of its own."""
    for part in ["zeroipc", "zeroipc-layout", "tests"]:
        shutil.rmtree(COPY / part, ignore_errors=True)
    for part in ["zeroipc/src", "zeroipc-layout", "tests/models"]:
        # With new times: what was built last may be a mutation.
        ignore = shutil.ignore_patterns("target")
        shutil.copytree(ROOT / part, COPY / part, ignore=ignore, copy_function=shutil.copy)
    for file in ["Cargo.lock", "rustfmt.toml"]:
        shutil.copy(ROOT / file, COPY / file)
    if (ROOT / "README.md").exists():
        shutil.copy(ROOT / "README.md", COPY / "README.md")
    manifest = (ROOT / "Cargo.toml").read_text()
    members = 'members = ["zeroipc-layout", "tests/models"]'
    (COPY / "Cargo.toml").write_text(re.sub(r"members = \[.*?\]", members, manifest, count=1, flags=re.S))


def run(models, at_most=SECONDS):
    """Runs models; what failed, what was not found, and the seconds it took."""
    environment = dict(os.environ, CARGO_TARGET_DIR=str(COPY / "target"), RUST_BACKTRACE="0")
    command = ["cargo", "test", "--release", "--offline", "-p", "zeroipc-models", "--", *models]
    start = time.monotonic()
    try:
        done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, timeout=at_most)
    except subprocess.TimeoutExpired:
        return ["(time)"], [], time.monotonic() - start
    seconds = time.monotonic() - start
    ran = re.findall(r"^test (\S+) \.\.\. (\S+)", done.stdout, re.M)
    missing = [model for model in models if not any(model in name for name, _ in ran)]
    if "could not compile" in done.stderr or not ran and done.returncode not in (101, -6, -11):
        sys.exit(done.stderr)
    failed = [name.split("::")[-1] for name, outcome in ran if outcome == "FAILED"]
    if done.returncode != 0 and not failed:
        failed = ["(abort)"]
    return failed, missing, seconds


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    mutations = [mutation for mutation in MUTATIONS if wanted in mutation[0]]
    copy_workspace()
    unnoticed = 0
    start = time.monotonic()
    everything = sorted({model for *_, models in mutations for model in models})
    failed, missing, seconds = run(everything, 600)
    if failed or missing:
        sys.exit(f"without a mutation, these fail: {failed}; these are no models: {missing}")
    print(f"{'(nothing)':<48} {seconds:5.1f} s  all pass", flush=True)
    for name, file, old, new, models in mutations:
        path = COPY / file
        text = path.read_text()
        if text.count(old) != 1:
            sys.exit(f"`{name}`: its text occurs {text.count(old)} times in {file}")
        path.write_text(text.replace(old, new))
        failed, _, seconds = run(models)
        path.write_text(text)
        unnoticed += not failed
        print(f"{name:<48} {seconds:5.1f} s  {', '.join(failed) or 'NOT NOTICED'}", flush=True)
    print(f"{len(mutations)} mutations, {unnoticed} not noticed, {time.monotonic() - start:.0f} s")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
