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
MAP = "zeroipc/src/structures/map_kernel.rs"
TABLE = "zeroipc/src/table.rs"
PASSPORT = "zeroipc/src/passport.rs"
WAITING = "zeroipc/src/structures/waiting.rs"
ROSTER = "zeroipc/src/reactor/roster.rs"
WORLD = "tests/models/src/world.rs"

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
     "compare_exchange(word, next, AcqRel, Relaxed).is_ok()", "compare_exchange(word, next, Relaxed, Relaxed).is_ok()",
     ["what_a_dead_producer_wrote_is_overwritten"]),
    ("recover is a store", KERNEL,
     "if state.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {", "state.store(next, Release);\n        {",
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
     ["two_tasks_and_two_words"]),
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
]


def copy_workspace():
    """Copies what the models need, as a workspace of its own."""
    for part in ["zeroipc", "zeroipc-layout", "tests"]:
        shutil.rmtree(COPY / part, ignore_errors=True)
    for part in ["zeroipc/src", "zeroipc-layout", "tests/models"]:
        shutil.copytree(ROOT / part, COPY / part, ignore=shutil.ignore_patterns("target"))
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
