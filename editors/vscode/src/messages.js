// Reads what `--error-format json` writes: one JSON object on each line, its first span the primary one.
"use strict";

/** The messages of an output; lines that are none are left out. */
function parseMessages(text) {
  const messages = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("{")) continue;
    let object;
    try {
      object = JSON.parse(line);
    } catch {
      continue;
    }
    const message = readMessage(object);
    if (message) messages.push(message);
  }
  return messages;
}

function readMessage(object) {
  if (object === null || typeof object.message !== "string" || !Array.isArray(object.spans)) return null;
  const [primary, ...secondary] = object.spans.map(readSpan);
  if (!primary) return null;
  const { suggestion } = object;
  const place = readSpan(suggestion?.span);
  const fixes = place && typeof suggestion.replacement === "string";
  return {
    message: object.message,
    code: text(object.code) || undefined,
    level: object.severity === "error" ? "error" : "warning",
    primary,
    secondary: secondary.filter(Boolean),
    help: text(object.help),
    fix: fixes ? { title: text(suggestion.message) || "Fix", place, replacement: suggestion.replacement } : null,
  };
}

/** A span in lines and columns from 0, a column counting characters; or null. */
function readSpan(span) {
  const numbers = [span?.line_start, span?.column_start, span?.line_end, span?.column_end];
  if (typeof span?.file !== "string" || !numbers.every((n) => Number.isInteger(n) && n >= 1)) return null;
  const [lineStart, columnStart, lineEnd, columnEnd] = numbers.map((n) => n - 1);
  return {
    file: span.file,
    start: { line: lineStart, column: columnStart },
    end: { line: lineEnd, column: columnEnd },
    label: text(span.label),
  };
}

function text(value) {
  return typeof value === "string" ? value : "";
}

/** Where a column that counts characters lies in a line that is counted in UTF-16 units, as editors do. */
function utf16Column(line, column) {
  let units = 0;
  let left = column;
  for (const character of line) {
    if (left-- === 0) break;
    units += character.length;
  }
  return units;
}

module.exports = { parseMessages, utf16Column };
