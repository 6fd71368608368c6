// What package.json and the language configuration promise: patterns that match, files that exist.
"use strict";

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const extension = path.join(__dirname, "..");
const read = (name) => fs.readFileSync(path.join(extension, name), "utf8");
const manifest = JSON.parse(read("package.json"));
const language = JSON.parse(read("language-configuration.json"));
const [pattern] = manifest.contributes.problemPatterns;
const matches = (line) => new RegExp(pattern.regexp).exec(line);

function problem(line) {
  const found = matches(line);
  assert.ok(found, `no problem in \`${line}\``);
  const part = (name) => found[pattern[name]];
  return [part("file"), part("line"), part("column"), part("severity"), part("code"), part("message")];
}

test("the problem matcher reads the lines of --error-format short", () => {
  assert.deepEqual(problem("bad.zipc:1:17: error[ZIPC0004]: there is no type `Nope`"),
    ["bad.zipc", "1", "17", "error", "ZIPC0004", "there is no type `Nope`"]);
  assert.deepEqual(problem("a dir/hub.zipc:12:3: warning[ZIPC0202]: 1000 becomes 1024: see 2:1: error[ZIPC0001]: x"),
    ["a dir/hub.zipc", "12", "3", "warning", "ZIPC0202", "1000 becomes 1024: see 2:1: error[ZIPC0001]: x"]);
  assert.equal(problem("C:\\work\\hub.zipc:2:5: error[ZIPC0101]: a hole")[0], "C:\\work\\hub.zipc");
  for (const line of ["out/point.h: stale", "error: no such file", "… and 3 more", " --> bad.zipc:1:17"]) {
    assert.equal(matches(line), null, line);
  }
  const [matcher] = manifest.contributes.problemMatchers;
  assert.deepEqual([matcher.name, matcher.pattern], ["zeroipc", "$zeroipc"]);
});

const command = process.env.ZEROIPC_CODEGEN;

const skip = command ? false : "ZEROIPC_CODEGEN names no compiler";

test("the problem matcher reads what the compiler writes", { skip }, () => {
  const input = "struct A { x: Nope; }\nstruct B { flag: u8; stamp: u64; }\n";
  const output = spawnSync(command, ["-", "--c", "--stdout", "--error-format", "short"], { input, encoding: "utf8" });
  assert.equal(output.status, 1, output.stderr);
  const problems = output.stderr.trim().split("\n").map(problem);
  assert.deepEqual(problems.map(([, line, column, severity, code]) => [line, column, severity, code]),
    [["1", "15", "error", "ZIPC0004"], ["2", "22", "error", "ZIPC0101"]]);
});

test("the fixture of the grammar is a schema that compiles", { skip }, () => {
  const cwd = path.join(__dirname, "fixtures");
  const output = spawnSync(command, ["language.zipc", "--c", "--bare", "--list-outputs"], { cwd, encoding: "utf8" });
  assert.equal(output.status, 0, output.stderr);
});

test("the task in the README uses the problem matcher", () => {
  const blocks = [...read("README.md").matchAll(/```json\n([^`]*)```/g)].map((found) => JSON.parse(found[1]));
  const [task] = blocks.find((block) => block.tasks).tasks;
  assert.equal(task.problemMatcher, "$zeroipc");
  assert.ok(task.args.join(" ").includes("--error-format short"), task.args.join(" "));
});

test("every setting and file that is named exists", () => {
  const settings = Object.keys(manifest.contributes.configuration.properties);
  const code = ["extension.js", ...fs.readdirSync(path.join(extension, "src")).map((name) => `src/${name}`)].map(read).join("\n");
  for (const setting of settings) {
    assert.ok(code.includes(`"${setting.replace("zeroipc.", "")}"`), `${setting} is never read`);
    assert.ok(read("README.md").includes(`\`${setting}\``), `${setting} is not in the README`);
  }
  for (const setting of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) {
    assert.ok(settings.includes(setting), setting);
  }
  const { languages, grammars } = manifest.contributes;
  const files = [manifest.main, languages[0].configuration, grammars[0].path];
  for (const file of files) assert.ok(fs.existsSync(path.join(extension, file)), file);
  assert.equal(grammars[0].language, languages[0].id);
});

/** What the rules for Enter put in front of the new line. */
function appended(before) {
  const rule = language.onEnterRules.find((rule) => new RegExp(rule.beforeText).test(before) && !rule.afterText);
  return rule?.action.appendText;
}

test("Enter goes on with documentation, and with nothing else", () => {
  assert.equal(appended("    /// One measurement."), "/// ");
  assert.equal(appended("//! What is shared."), "//! ");
  for (const line of ["// a comment", "//// a ruler", "struct A {", "x: u8; /// behind"]) assert.equal(appended(line), undefined, line);
});

test("braces indent, and what stands in texts and comments does not", () => {
  const { increaseIndentPattern, decreaseIndentPattern } = language.indentationRules;
  const increases = (line) => new RegExp(increaseIndentPattern).test(line);
  for (const line of ["struct A {", 'segment Hub = "/hub" @size(1 MiB) {', "    x: [f32; 2] = [", "enum A: u8 { // open"]) {
    assert.ok(increases(line), line);
  }
  for (const line of ["struct A { x: u8; }", "// struct A {", "    x: [u8; 3];", 'const A: str = "x";']) {
    assert.ok(!increases(line), line);
  }
  const decreases = (line) => new RegExp(decreaseIndentPattern).test(line);
  assert.ok(decreases("}") && decreases("  ];") && !decreases("struct A { }"));
});

test("a double click takes a whole word, number or code", () => {
  const { pattern, flags } = language.wordPattern;
  const words = (text) => text.match(new RegExp(pattern, `${flags}g`));
  assert.deepEqual(words("größe: u32 = 0xFF_00 + 2.5e3;"), ["größe", "u32", "0xFF_00", "2.5e3"]);
});

test("regions fold", () => {
  const { start, end } = language.folding.markers;
  assert.match("    // region: positions", new RegExp(start));
  assert.match("// #endregion", new RegExp(end));
  assert.doesNotMatch("const REGION: u8 = 1;", new RegExp(start));
});
