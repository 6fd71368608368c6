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
TABLE = "zeroipc/src/table.rs"
PASSPORT = "zeroipc/src/passport.rs"
WAITING = "zeroipc/src/structures/waiting.rs"
ROSTER = "zeroipc/src/reactor/roster.rs"
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
