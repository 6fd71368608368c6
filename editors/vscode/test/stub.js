// As much of the module `vscode` as the extension needs, with a memory of what it was asked for.
"use strict";

const Module = require("node:module");
const path = require("node:path");

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
  intersection(other) {
    return other.end.line < this.start.line || other.start.line > this.end.line ? undefined : this;
  }
}

class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}

class DiagnosticRelatedInformation {
  constructor(location, message) {
    Object.assign(this, { location, message });
  }
}

class Location {
  constructor(uri, range) {
    Object.assign(this, { uri, range });
  }
}

class CodeAction {
  constructor(title, kind) {
    Object.assign(this, { title, kind });
  }
}

class WorkspaceEdit {
  edits = [];
  replace(uri, range, text) {
    this.edits.push({ uri, range, text });
  }
}

const file = (fsPath) => ({ scheme: "file", fsPath, toString: () => `file://${fsPath}` });

/** A fresh extension with its own stub; `settings` are those of the user. */
function load(settings) {
  const seen = { errors: [], status: [], problems: new Map(), listeners: {}, commands: [] };
  const listen = (name) => (listener) => {
    seen.listeners[name] = listener;
    return { dispose() {} };
  };
  const vscode = {
    Position, Range, Diagnostic, DiagnosticRelatedInformation, Location, CodeAction, WorkspaceEdit,
    Uri: { file },
    TextEdit: { replace: (range, newText) => ({ range, newText }) },
    CodeActionKind: { QuickFix: "quickfix" },
    DiagnosticSeverity: { Error: 0, Warning: 1 },
    commands: { executeCommand: async (...all) => seen.commands.push(all) },
    window: {
      showErrorMessage: async (...all) => {
        seen.errors.push(all);
        return seen.choice;
      },
      setStatusBarMessage: (text) => seen.status.push(text),
    },
    languages: {
      createDiagnosticCollection: () => ({
        set: (uri, list) => seen.problems.set(uri.fsPath, list),
        clear: () => seen.problems.clear(),
        dispose() {},
      }),
      registerDocumentFormattingEditProvider: (language, provider) => {
        seen.formatter = { language, provider };
        return { dispose() {} };
      },
      registerCodeActionsProvider: (language, provider) => {
        seen.actions = { language, provider };
        return { dispose() {} };
      },
    },
    workspace: {
      textDocuments: [],
      getConfiguration: () => ({ get: (name) => settings[name] }),
      getWorkspaceFolder: () => undefined,
      onDidOpenTextDocument: listen("open"),
      onDidSaveTextDocument: listen("save"),
      onDidCloseTextDocument: listen("close"),
      onDidChangeConfiguration: listen("configuration"),
    },
  };
  const resolve = Module._load;
  Module._load = (request, ...rest) => (request === "vscode" ? vscode : resolve(request, ...rest));
  const name = path.join(__dirname, "..", "extension.js");
  delete require.cache[name];
  try {
    require(name).activate({ subscriptions: [] });
  } finally {
    Module._load = resolve;
  }
  return seen;
}

/** An open document. */
function document(fsPath, text) {
  const before = (offset) => text.slice(0, offset).split("\n");
  return {
    languageId: "zipc",
    uri: file(fsPath),
    version: 1,
    getText: () => text,
    positionAt: (offset) => new Position(before(offset).length - 1, before(offset).at(-1).length),
  };
}

module.exports = { Position, Range, document, load };
