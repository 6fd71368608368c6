// Formats and checks `.zipc` files with the schema compiler.
"use strict";

const path = require("node:path");
const vscode = require("vscode");
const { NoAnswer, run } = require("./src/run.js");
const { Checks } = require("./src/checks.js");

const LANGUAGE = "zipc";
const INSTALL = "cargo install zeroipc-codegen";

/** What exit codes of the compiler mean. */
const DONE = 0;
const FINDINGS = 1;

function settings(document) {
  return vscode.workspace.getConfiguration("zeroipc", document?.uri);
}

/** What is told once must not be told again at every save. */
const told = new Set();

async function tell(error) {
  if (error.kind === "stopped" || told.has(error.message)) return;
  told.add(error.message);
  if (error.kind !== "missing") {
    await vscode.window.showErrorMessage(`ZeroIPC: ${error.message}`);
    return;
  }
  const hint = `install it with \`${INSTALL}\`, or say in the setting \`zeroipc.command\` where it is`;
  const choice = await vscode.window.showErrorMessage(`ZeroIPC: ${error.message}; ${hint}.`, "Open Settings");
  if (choice) await vscode.commands.executeCommand("workbench.action.openSettings", "zeroipc.command");
}

function firstLine(text) {
  return text.trim().split("\n", 1)[0];
}

/** Runs the compiler beside a document; tells the user and resolves to null when it gives no answer. */
async function compiler(document, args, input, token) {
  const controller = new AbortController();
  const subscription = token?.onCancellationRequested(() => controller.abort());
  const cwd = document.uri.scheme === "file" ? path.dirname(document.uri.fsPath) : undefined;
  try {
    const answer = await run(settings(document).get("command"), args, { input, cwd, signal: controller.signal });
    if (answer.code === DONE || answer.code === FINDINGS) return answer;
    throw new NoAnswer("refused", `\`${args[0]}\` failed: ${firstLine(answer.stderr) || `exit code ${answer.code}`}`);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    // The message may wait for a click, and nobody should wait for that.
    void tell(error);
    return null;
  } finally {
    subscription?.dispose();
  }
}

const formatter = {
  async provideDocumentFormattingEdits(document, _options, token) {
    const before = document.getText();
    const answer = await compiler(document, ["fmt", "-"], before, token);
    if (answer === null) return [];
    if (answer.code === FINDINGS) {
      // The errors themselves are shown by the check.
      vscode.window.setStatusBarMessage("ZeroIPC: not formatted, the schema has errors", 5000);
      return [];
    }
    if (answer.stdout === before) return [];
    const whole = new vscode.Range(document.positionAt(0), document.positionAt(before.length));
    return [vscode.TextEdit.replace(whole, answer.stdout)];
  },
};

function activate(context) {
  const checks = new Checks(vscode, compiler, settings);
  const ours = (document) => document.languageId === LANGUAGE;
  const check = (document) => (ours(document) ? checks.check(document) : undefined);
  context.subscriptions.push(
    checks,
    vscode.languages.registerDocumentFormattingEditProvider(LANGUAGE, formatter),
    vscode.languages.registerCodeActionsProvider(LANGUAGE, checks, {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    }),
    vscode.workspace.onDidOpenTextDocument(check),
    vscode.workspace.onDidSaveTextDocument(check),
    vscode.workspace.onDidCloseTextDocument((document) => checks.forget(document)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (!change.affectsConfiguration("zeroipc")) return;
      told.clear();
      vscode.workspace.textDocuments.forEach(check);
    }),
  );
  vscode.workspace.textDocuments.forEach(check);
}

module.exports = { activate, deactivate() {} };
