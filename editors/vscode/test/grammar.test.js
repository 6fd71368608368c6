// Tokenises schemas as VS Code does, and looks at the scopes of what they say.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const extension = path.join(__dirname, "..");
const fixtures = path.join(__dirname, "fixtures");
// The step `editors` runs a copy of this directory and says where the project is.
const project = process.env.ZEROIPC_ROOT ?? path.join(extension, "..", "..");

let loaded;

function grammar() {
  loaded ??= (async () => {
    const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
    await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
    const file = path.join(extension, "syntaxes", "zipc.tmLanguage.json");
    const registry = new textmate.Registry({
      onigLib: Promise.resolve({
        createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
        createOnigString: (text) => new oniguruma.OnigString(text),
      }),
      loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file),
    });
    return registry.loadGrammar("source.zipc");
  })();
  return loaded;
}

/** The lines of a text with the tokens of each, and the state behind the last. */
async function tokenise(text) {
  const rules = await grammar();
  let state = textmate.INITIAL;
  const lines = text.split(/\r?\n/).map((line) => {
    const result = rules.tokenizeLine(line, state);
    state = result.ruleStack;
    return { line, tokens: result.tokens };
  });
  return { lines, depth: state.depth };
}

/** What a comment such as `//  ^^^ a.scope b.scope - not.this` says about the line above, or null. */
function assertion(line) {
  const found = /^\/\/(?<gap>\s*)(?:(?<carets>\^+)|<(?<skip>~*)(?<dashes>-+)) (?<scopes>.*)$/.exec(line);
  if (!found) return null;
  const { gap, carets, skip, dashes, scopes } = found.groups;
  const start = carets ? 2 + gap.length : skip.length;
  const [wanted, refused = ""] = ` ${scopes}`.split(" - ");
  const words = (list) => list.trim().split(/\s+/).filter(Boolean);
  return { start, end: start + (carets ?? dashes).length, wanted: words(wanted), refused: words(refused) };
}

/** Whether a token has the scope, or one below it. */
function has(token, scope) {
  return token.scopes.some((found) => found === scope || found.startsWith(`${scope}.`));
}

for (const name of fs.readdirSync(fixtures).filter((name) => name.endsWith(".zipc"))) {
  test(`${name} has the scopes that its comments say`, async () => {
    const { lines } = await tokenise(fs.readFileSync(path.join(fixtures, name), "utf8"));
    let subject;
    let checked = 0;
    lines.forEach((entry, i) => {
      const says = assertion(entry.line);
      if (!says) {
        subject = entry;
        return;
      }
      const place = `${name}:${i + 1}: `;
      assert.ok(says.end <= subject.line.length, `${place}points behind the line`);
      assert.ok(says.wanted.length + says.refused.length > 0, `${place}says nothing`);
      for (let column = says.start; column < says.end; column++) {
        const token = subject.tokens.find((token) => token.startIndex <= column && column < token.endIndex);
        const where = `${place}column ${column + 1} of \`${subject.line}\` is ${token.scopes.join(" ")}`;
        for (const scope of says.wanted) assert.ok(has(token, scope), `${where}, not ${scope}`);
        for (const scope of says.refused) assert.ok(!has(token, scope), where);
      }
      checked++;
    });
    assert.ok(checked > 10, `only ${checked} places are checked`);
  });
}

function schemas() {
  const directories = ["schemas", "schemas/format", "zeroipc-codegen/tests/accept"];
  const paths = directories.flatMap((directory) => {
    const whole = path.join(project, directory);
    return fs.readdirSync(whole).map((name) => path.join(whole, name));
  });
  return paths.filter((name) => name.endsWith(".zipc"));
}

test("every word of a correct schema has a scope, and none is invalid", async () => {
  const files = [...schemas(), path.join(fixtures, "language.zipc")];
  assert.ok(files.length > 5, `only ${files.length} schemas`);
  for (const file of files) {
    const { lines, depth } = await tokenise(fs.readFileSync(file, "utf8"));
    lines.forEach(({ line, tokens }, i) => {
      for (const token of tokens) {
        const text = line.slice(token.startIndex, token.endIndex);
        const where = `${path.basename(file)}:${i + 1}: \`${text}\` is ${token.scopes.join(" ")}`;
        assert.ok(!has(token, "invalid"), where);
        const shown = token.scopes.some((scope) => scope !== "source.zipc" && !scope.startsWith("meta."));
        assert.ok(shown || text.trim() === "", where);
      }
    });
    assert.equal(depth, 1, `${path.basename(file)} leaves something open`);
  }
});

test("documentation and items are told apart in the example", async () => {
  const { lines } = await tokenise(fs.readFileSync(path.join(project, "schemas", "sensors.zipc"), "utf8"));
  const count = (scope) => lines.filter(({ tokens }) => tokens.some((token) => has(token, scope))).length;
  const text = lines.map(({ line }) => line).join("\n");
  const words = (pattern) => text.match(pattern)?.length ?? 0;
  assert.equal(count("comment.line.documentation"), words(/^\s*\/\/[\/!]/gm));
  assert.equal(count("keyword.declaration.struct"), words(/^struct /gm));
  assert.equal(count("entity.name.type.segment"), words(/^segment /gm));
  assert.equal(count("support.type.structure"), words(/: (array|queue)</gm));
});
