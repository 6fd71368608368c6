// Shows what `check` says about a schema: in the list of problems, below the words, and as quick fixes.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { parseMessages, utf16Column } = require("./messages.js");

class Checks {
  /** `compiler` runs the schema compiler beside a document, `settings` has what the user chose. */
  constructor(vscode, compiler, settings) {
    this.vscode = vscode;
    this.compiler = compiler;
    this.settings = settings;
    this.shown = vscode.languages.createDiagnosticCollection("zeroipc");
    /** For each document that was checked, by its URI: its version, problems by file, and fixes. */
    this.checked = new Map();
    /** For each document, by its URI: the check that was started last. */
    this.latest = new Map();
    this.generation = 0;
  }

  dispose() {
    this.shown.dispose();
  }

  async check(document) {
    if (document.uri.scheme !== "file") return;
    const settings = this.settings(document);
    if (!settings.get("checkOnSave")) {
      this.forget(document);
      return;
    }
    const key = document.uri.toString();
    const generation = ++this.generation;
    const state = { version: document.version, files: new Map(), fixes: [] };
    this.latest.set(key, generation);
    const root = this.vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath ?? path.dirname(document.uri.fsPath);
    const directories = settings.get("includeDirectories").flatMap((name) => ["-I", path.resolve(root, name)]);
    const args = ["check", "--error-format", "json", ...directories, document.uri.fsPath];
    const answer = await this.compiler(document, args, "");
    // A later check, or closing the document, makes this answer an old one.
    if (this.latest.get(key) !== generation) return;
    if (answer !== null) this.fill(state, document, parseMessages(`${answer.stderr}\n${answer.stdout}`));
    this.checked.set(key, state);
    this.show();
  }

  forget(document) {
    const key = document.uri.toString();
    this.latest.delete(key);
    if (this.checked.delete(key)) this.show();
  }

  fill(state, document, messages) {
    const { vscode } = this;
    const base = path.dirname(document.uri.fsPath);
    const texts = new Map();
    const place = (span) => {
      const file = path.resolve(base, span.file);
      if (!texts.has(file)) texts.set(file, this.lines(file));
      const at = ({ line, column }) => new vscode.Position(line, utf16Column(texts.get(file)[line] ?? "", column));
      return { uri: vscode.Uri.file(file), range: new vscode.Range(at(span.start), at(span.end)) };
    };
    for (const message of messages) {
      const { uri, range } = place(message.primary);
      const { fix, help, primary } = message;
      const text = [message.message, primary.label, help && `help: ${help}`].filter(Boolean);
      const level = message.level === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
      const diagnostic = new vscode.Diagnostic(range, text.join("\n"), level);
      diagnostic.source = "zeroipc";
      diagnostic.code = message.code;
      diagnostic.relatedInformation = message.secondary.map((span) => {
        const { uri, range } = place(span);
        return new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, range), span.label || "see here");
      });
      const key = uri.toString();
      if (!state.files.has(key)) state.files.set(key, { uri, diagnostics: [] });
      state.files.get(key).diagnostics.push(diagnostic);
      if (fix) state.fixes.push({ title: fix.title, diagnostic, edit: { ...place(fix.place), text: fix.replacement } });
    }
  }

  /** The lines of a file as it is on the disk, which is what was checked. */
  lines(file) {
    try {
      return fs.readFileSync(file, "utf8").split("\n");
    } catch {
      return [];
    }
  }

  /** Shows the problems of all documents; those of a file that several import are shown once. */
  show() {
    const merged = new Map();
    for (const state of this.checked.values()) {
      for (const [key, { uri, diagnostics }] of state.files) {
        if (!merged.has(key)) merged.set(key, { uri, diagnostics: new Map() });
        for (const diagnostic of diagnostics) {
          const { start } = diagnostic.range;
          merged.get(key).diagnostics.set(`${start.line}:${start.character}:${diagnostic.message}`, diagnostic);
        }
      }
    }
    this.shown.clear();
    for (const { uri, diagnostics } of merged.values()) this.shown.set(uri, [...diagnostics.values()]);
  }

  provideCodeActions(document, range) {
    const { vscode } = this;
    const state = this.checked.get(document.uri.toString());
    // After an edit the places may be others.
    if (!state || state.version !== document.version) return [];
    const here = document.uri.toString();
    const fits = ({ edit, diagnostic }) => edit.uri.toString() === here && diagnostic.range.intersection(range);
    return state.fixes.filter(fits).map(({ title, diagnostic, edit }) => {
      const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      action.isPreferred = true;
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(edit.uri, edit.range, edit.text);
      return action;
    });
  }
}

module.exports = { Checks };
