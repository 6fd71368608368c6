// Loads the extension with a stub in place of VS Code and a program of ours in place of the compiler.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, test } = require("node:test");
const { Range, Position, document, load } = require("./stub.js");

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "zeroipc-editor-"));
after(() => fs.rmSync(scratch, { recursive: true }));

let made = 0;

/** A program that notes its arguments and its input, and then does what `body` says. */
function program(body) {
  const name = path.join(scratch, `command-${made++}`);
  const notes = `const input = require("node:fs").readFileSync(0, "utf8");
require("node:fs").appendFileSync(${JSON.stringify(`${name}.log`)}, JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), input }) + "\\n");`;
  fs.writeFileSync(name, `#!${process.execPath}\n${notes}\n${body}\n`, { mode: 0o755 });
  const calls = () => {
    const log = fs.existsSync(`${name}.log`) ? fs.readFileSync(`${name}.log`, "utf8") : "";
    return log.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  };
  return { name, calls };
}

const settings = (command, more = {}) => ({ command, checkOnSave: true, includeDirectories: [], ...more });

/** A schema on the disk, open in the editor. */
function schema(text) {
  const name = path.join(scratch, `schema_${made++}.zipc`);
  fs.writeFileSync(name, text);
  return document(name, text);
}

/** Waits until something holds, and fails when it never does. */
async function eventually(holds) {
  for (let i = 0; i < 500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail("it never happened");
}

const FORMATS = 'process.stdout.write(input.replace(/ +/g, " "));';

test("formatting replaces the document with what the command prints", async () => {
  const command = program(FORMATS);
  const seen = load(settings(command.name));
  const subject = schema("struct   A {\n    x:   u8; // größe 🎉\n}\n");
  const edits = await seen.formatter.provider.provideDocumentFormattingEdits(subject, {}, undefined);
  assert.equal(seen.formatter.language, "zipc");
  assert.deepEqual(edits.map((edit) => edit.newText), ["struct A {\n x: u8; // größe 🎉\n}\n"]);
  assert.deepEqual({ ...edits[0].range.start }, { line: 0, character: 0 });
  assert.deepEqual({ ...edits[0].range.end }, { line: 3, character: 0 });
  const [call] = command.calls();
  assert.deepEqual(call.args, ["fmt", "-"]);
  assert.equal(call.input, subject.getText());
  assert.equal(call.cwd, fs.realpathSync(scratch));
});

test("a formatted document is left alone", async () => {
  const seen = load(settings(program(FORMATS).name));
  assert.deepEqual(await seen.formatter.provider.provideDocumentFormattingEdits(schema("struct A { x: u8; }\n"), {}), []);
  assert.deepEqual(seen.errors, []);
});

test("a schema with errors is left alone, without a dialogue", async () => {
  const seen = load(settings(program('process.stdout.write("gone"); process.exitCode = 1;').name));
  assert.deepEqual(await seen.formatter.provider.provideDocumentFormattingEdits(schema("struct"), {}), []);
  assert.deepEqual(seen.errors, []);
  assert.match(seen.status[0], /the schema has errors/);
});

test("a failure of the command is told, and the document is left alone", async () => {
  const seen = load(settings(program('console.error("error: unknown command\\nusage: …"); process.exitCode = 2;').name));
  assert.deepEqual(await seen.formatter.provider.provideDocumentFormattingEdits(schema("x"), {}), []);
  assert.deepEqual(seen.errors, [["ZeroIPC: `fmt` failed: error: unknown command"]]);
});

test("a command that is missing is told once, with what to do", async () => {
  const seen = load(settings("no-such-zeroipc-codegen"));
  seen.choice = "Open Settings";
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await seen.formatter.provider.provideDocumentFormattingEdits(schema("x"), {}), []);
  }
  await eventually(() => seen.commands.length > 0);
  assert.equal(seen.errors.length, 1);
  const [text, button] = seen.errors[0];
  assert.match(text, /`no-such-zeroipc-codegen` is not installed; install it with `cargo install zeroipc-codegen`/);
  assert.match(text, /`zeroipc.command`/);
  assert.equal(button, "Open Settings");
  assert.deepEqual(seen.commands, [["workbench.action.openSettings", "zeroipc.command"]]);

  // Another setting is another chance.
  seen.listeners.configuration({ affectsConfiguration: (name) => name === "zeroipc" });
  await seen.formatter.provider.provideDocumentFormattingEdits(schema("x"), {});
  assert.equal(seen.errors.length, 2);
});

test("cancelling stops a command that does not end", async () => {
  const command = program("setInterval(() => {}, 1000);");
  const seen = load(settings(command.name));
  let cancel;
  const token = { onCancellationRequested: (listener) => ((cancel = listener), { dispose() {} }) };
  const edits = seen.formatter.provider.provideDocumentFormattingEdits(schema("x"), {}, token);
  await eventually(() => command.calls().length > 0);
  cancel();
  assert.deepEqual(await edits, []);
  assert.deepEqual(seen.errors, []);
});

test("a text that is longer than a pipe is formatted whole", async () => {
  const seen = load(settings(program(FORMATS).name));
  const text = "// x  x\n".repeat(100_000);
  const [edit] = await seen.formatter.provider.provideDocumentFormattingEdits(schema(text), {});
  assert.equal(edit.newText, "// x x\n".repeat(100_000));
});

const span = (file, line, columns, label = "") =>
  ({ file, byte_start: 0, byte_end: 0, line_start: line, column_start: columns[0], line_end: line, column_end: columns[1], label });

/** A message as the compiler writes it. */
function message(file, line, column, more = {}) {
  return JSON.stringify({ code: "ZIPC0101", severity: "error", message: "wrong", spans: [span(file, line, [column, column + 2])], ...more });
}

const says = (lines) => program(`process.stderr.write(${JSON.stringify(`${lines.join("\n")}\n`)}); process.exitCode = 1;`);

test("saving shows the problems that the check finds", async () => {
  const subject = schema("struct A {\n    /* 🎉 */ x: u8;\n}\n");
  const name = path.basename(subject.uri.fsPath);
  const command = says(["not JSON", message(name, 2, 13, {
    spans: [span(name, 2, [13, 14], "this one"), span(name, 1, [1, 7], "begins here")],
    help: "order the fields",
    suggestion: { message: "give the bytes a place", replacement: "reserved 7;", span: span(name, 2, [13, 13]) },
  }), "{broken", '{"severity":"warning"}', message(name, 0, 1)]);
  const seen = load(settings(command.name, { includeDirectories: ["parts"] }));
  seen.listeners.save(subject);
  await eventually(() => seen.problems.size > 0);
  assert.deepEqual(command.calls()[0].args, ["check", "--error-format", "json", "-I", path.join(scratch, "parts"), subject.uri.fsPath]);
  const [problem, ...none] = seen.problems.get(subject.uri.fsPath);
  assert.deepEqual(none, []);
  assert.equal(problem.message, "wrong\nthis one\nhelp: order the fields");
  assert.equal(problem.code, "ZIPC0101");
  assert.equal(problem.severity, 0);
  // The character in the comment is one character and two units of the editor.
  assert.deepEqual({ ...problem.range.start }, { line: 1, character: 13 });
  assert.equal(problem.relatedInformation[0].message, "begins here");

  const where = new Range(new Position(1, 0), new Position(1, 5));
  const [action] = seen.actions.provider.provideCodeActions(subject, where);
  assert.equal(action.title, "give the bytes a place");
  assert.equal(action.edit.edits[0].text, "reserved 7;");
  assert.deepEqual({ ...action.edit.edits[0].range.end }, { line: 1, character: 13 });
  assert.deepEqual(seen.actions.provider.provideCodeActions({ ...subject, version: 2 }, where), []);
  const elsewhere = new Range(new Position(0, 0), new Position(0, 1));
  assert.deepEqual(seen.actions.provider.provideCodeActions(subject, elsewhere), []);

  seen.listeners.close(subject);
  assert.equal(seen.problems.size, 0);
});

test("a problem in a file that two schemas import is shown there once", async () => {
  const imported = path.join(scratch, "imported.zipc");
  const seen = load(settings(says([message(imported, 1, 1), message(imported, 3, 1, { severity: "warning" })]).name));
  const subjects = [schema("a"), schema("b")];
  for (const subject of subjects) await seen.listeners.save(subject);
  const problems = seen.problems.get(imported);
  assert.deepEqual(problems.map((problem) => problem.severity), [0, 1]);
  seen.listeners.close(subjects[0]);
  assert.equal(seen.problems.get(imported).length, 2);
  seen.listeners.close(subjects[1]);
  assert.equal(seen.problems.size, 0);
});

test("an answer that comes too late is not shown", async () => {
  const subject = schema("a");
  const command = program(`setTimeout(() => process.stderr.write(${JSON.stringify(`${message("a.zipc", 1, 1)}\n`)}), 200);`);
  const seen = load(settings(command.name));
  const checked = seen.listeners.save(subject);
  seen.listeners.close(subject);
  await checked;
  assert.equal(command.calls().length, 1);
  assert.equal(seen.problems.size, 0);
});

test("without checkOnSave, and for other languages, nothing is run", async () => {
  const command = says([message("a.zipc", 1, 1)]);
  await load(settings(command.name, { checkOnSave: false })).listeners.save(schema("a"));
  await load(settings(command.name)).listeners.save({ ...schema("a"), languageId: "rust" });
  assert.deepEqual(command.calls(), []);
});

test("a check that fails is told, and what was shown stays away", async () => {
  const seen = load(settings(program('console.error("error: unexpected argument `check`"); process.exitCode = 2;').name));
  await seen.listeners.save(schema("a"));
  assert.deepEqual(seen.errors, [["ZeroIPC: `check` failed: error: unexpected argument `check`"]]);
  assert.equal(seen.problems.size, 0);
});

const command = process.env.ZEROIPC_CODEGEN;
const skip = command ? false : "ZEROIPC_CODEGEN names no compiler";

test("the compiler's own messages arrive, and its fix makes them go away", { skip }, async () => {
  const seen = load(settings(command));
  const text = "struct Sample {\n    /* größe 🎉 */ flag: u8; stamp: u64;\n}\n";
  const subject = schema(text);
  await seen.listeners.save(subject);
  const [problem] = seen.problems.get(subject.uri.fsPath);
  assert.equal(problem.code, "ZIPC0101");
  const { start, end } = problem.range;
  assert.equal(start.line, 1);
  const line = text.split("\n")[1];
  assert.equal(line.slice(start.character, end.character), "stamp");

  const [action] = seen.actions.provider.provideCodeActions(subject, problem.range);
  const [{ range, text: replacement }] = action.edit.edits;
  const fixed = line.slice(0, range.start.character) + replacement + line.slice(range.end.character);
  fs.writeFileSync(subject.uri.fsPath, text.replace(line, fixed));
  await seen.listeners.save(subject);
  assert.deepEqual([...seen.problems.keys()], []);
  assert.deepEqual(seen.errors, []);
});

test("the compiler formats a schema, and leaves one with errors alone", { skip }, async () => {
  const seen = load(settings(command));
  const format = (text) => seen.formatter.provider.provideDocumentFormattingEdits(schema(text), {});
  const [edit] = await format("/// Größe.\nstruct   A{x:u8;}\n");
  assert.equal(edit.newText, "/// Größe.\nstruct A {\n    x: u8;\n}\n");
  assert.deepEqual(await format(edit.newText), []);
  assert.deepEqual(await format("struct A { x: u8"), []);
  assert.match(seen.status[0], /the schema has errors/);
  assert.deepEqual(seen.errors, []);
});
