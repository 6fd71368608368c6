// Runs the schema compiler, and tells apart why it did not answer.
"use strict";

const { spawn } = require("node:child_process");

/** A command that has not ended by then is stopped. */
const TIME_LIMIT_MS = 10_000;
/** More output than a compiler has to say. */
const OUTPUT_LIMIT = 16 * 1024 * 1024;

/** Why the command gave no answer; `kind` is `missing`, `refused`, `slow`, `long` or `stopped`. */
class NoAnswer extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Runs a command without a shell, gives it `input`, and resolves to `{ code, stdout, stderr }`.
 * `signal` is an AbortSignal that stops it.
 */
function run(command, args, { input = "", cwd, signal, limit = TIME_LIMIT_MS } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new NoAnswer("stopped", `\`${command}\` was stopped`));
      return;
    }
    const child = spawn(command, args, { cwd, stdio: "pipe", windowsHide: true });
    const output = { stdout: [], stderr: [] };
    let size = 0;
    let ended = false;
    const end = (settle, value) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    const giveUp = (kind, message) => {
      child.kill("SIGKILL");
      end(reject, new NoAnswer(kind, message));
    };
    const stop = () => giveUp("stopped", `\`${command}\` was stopped`);
    const timer = setTimeout(() => giveUp("slow", `\`${command}\` did not end within ${limit / 1000} seconds`), limit);
    signal?.addEventListener("abort", stop);
    for (const stream of ["stdout", "stderr"]) {
      child[stream].on("data", (data) => {
        size += data.length;
        if (size > OUTPUT_LIMIT) giveUp("long", `\`${command}\` does not stop writing`);
        else output[stream].push(data);
      });
    }
    child.on("error", (error) => {
      const missing = error.code === "ENOENT";
      const message = missing ? `\`${command}\` is not installed` : `cannot run \`${command}\`: ${error.message}`;
      end(reject, new NoAnswer(missing ? "missing" : "refused", message));
    });
    child.on("close", (code, killed) => {
      const text = (stream) => Buffer.concat(output[stream]).toString("utf8");
      if (code === null) end(reject, new NoAnswer("refused", `\`${command}\` was ended by ${killed}`));
      else end(resolve, { code, stdout: text("stdout"), stderr: text("stderr") });
    });
    // A command that ends without reading everything closes the pipe; its exit code says what happened.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

module.exports = { NoAnswer, run };
