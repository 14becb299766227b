import { beforeEach, describe, expect, test } from "vitest";
import { applied, creation, type Change, type State } from "./changes";
import { Document } from "./document";
import { box, byId } from "./fixture";

const start: State = {
  annotations: byId(box("old"), box("answered", { attributes: { "3": true } })),
  suggestions: byId(box("guess", { source: "model", confidence: 0.8 })),
};

let document: Document;
let sent: Change[];

beforeEach(() => {
  document = new Document(start, start, 7);
  sent = [];
  document.onCommand((changes) => sent.push(...changes));
});

const commands: Record<string, Change[]> = {
  create: [creation(box("new"))],
  update: [{ do: "update", id: "old", geometry: [1, 1, 2, 2], attributes: { "3": "x" } }],
  "take an answer away": [{ do: "update", id: "answered", attributes: { "3": null } }],
  delete: [{ do: "delete", id: "answered" }],
  accept: [{ do: "accept", id: "guess" }],
  reject: [{ do: "delete", id: "guess" }],
  "change a suggestion": [{ do: "update", id: "guess", label: 2 }],
  several: [creation(box("new")), { do: "delete", id: "old" }, { do: "update", id: "new", label: 2 }],
};

describe.each(Object.entries(commands))("%s", (title, changes) => {
  test("undo brings everything back as it was, redo makes it again", () => {
    document.run(title, changes);
    const after = document.state.get();
    expect(after).not.toEqual(start);
    expect(document.undo()).toBe(title);
    expect(document.state.get()).toEqual(start);
    expect(document.redo()).toBe(title);
    expect(document.state.get()).toEqual(after);
  });

  test("what was sent, replayed anywhere, ends where we ended", () => {
    document.run(title, changes);
    document.undo();
    document.redo();
    document.undo();
    expect(applied(start, sent, start, 7)).toEqual(document.state.get());
  });
});

test("a shape of another stage that was changed, deleted and brought back keeps what it was", () => {
  document.run("move", [{ do: "update", id: "old", geometry: [5, 5, 5, 5] }]);
  document.run("delete", [{ do: "delete", id: "old" }]);
  document.undo();
  expect(document.get("old")?.geometry).toEqual([5, 5, 5, 5]);
  document.undo();
  expect(document.get("old")).toEqual(box("old"));
});

test("a new step forgets what was undone; there is nothing to undo at the beginning", () => {
  expect(document.undo()).toBeUndefined();
  document.run("a", [{ do: "delete", id: "old" }]);
  document.undo();
  document.run("b", [{ do: "delete", id: "guess" }]);
  expect(document.redo()).toBeUndefined();
});
