import { expect, test } from "vitest";
import { edgesOf, layOut, type Status, troubles } from "./graph";

const progress = (open: number, done: number) => ({
  template: 1,
  counts: { open, done },
  done,
  total: open + done,
  share: 0,
  as_of: 1,
});

const STATUS: Status = {
  datasets: [
    { id: 1, name: "raw", files: 60, watched_by: [1], fed_by: [] },
    { id: 2, name: "gold", files: 20, watched_by: [], fed_by: [1] },
  ],
  templates: [{ id: 1, name: "label", state: "paused", progress: progress(40, 20), watches: [1], routes_to: [2, 99] }],
  actions: [
    {
      id: 7,
      name: "export",
      state: "on",
      when: "reaches 25%",
      template: 1,
      steps: ["export"],
      runs: { failed: 1 },
      last_run: { id: 3, state: "failed", created_at: "2026-01-01T00:00:00Z", error: "no room" },
      trouble: [{ cause: "run-failed", detail: "Its last run failed: no room", offer: "see_run", about: 3 }],
    },
  ],
};

test("files flow from a watched dataset through the template to where it routes, and news to actions", () => {
  expect(edgesOf(STATUS).map(({ from, to, carries, waiting }) => [from, to, carries, waiting])).toEqual([
    ["dataset 1", "template 1", "waiting", 40],
    ["template 1", "dataset 2", "finished", 0],
    ["template 1", "action 7", "news", 0],
  ]);
});

test("an edge leads to the files that flow over it, or to the action that hears of them", () => {
  const odd = { ...STATUS, templates: STATUS.templates.map((one) => ({ ...one, name: 'a "b"' })) };
  expect(edgesOf(odd).map((edge) => edge.leads)).toEqual([
    { dataset: 1, query: 'task("a \\"b\\"").status = open' },
    { dataset: 2, query: 'task("a \\"b\\"").status = done' },
    { action: 7 },
  ]);
});

test("nodes lie from left to right without overlap", () => {
  const at = new Map(layOut(STATUS, edgesOf(STATUS)).map((node) => [node.id, node]));
  expect(at.get("dataset 1")!.x).toBeLessThan(at.get("template 1")!.x);
  expect(at.get("template 1")!.x).toBeLessThan(at.get("dataset 2")!.x);
  expect(Math.abs(at.get("dataset 2")!.y - at.get("action 7")!.y)).toBeGreaterThanOrEqual(72);
});

test("a circle of routes is laid out too", () => {
  const round: Status = { ...STATUS, templates: STATUS.templates.map((one) => ({ ...one, routes_to: [1] })) };
  expect(layOut(round, edgesOf(round))).toHaveLength(4);
});

test("trouble is told with the node that it is about", () => {
  expect(troubles(STATUS).map(({ thing, trouble }) => [thing.value.name, trouble.cause])).toEqual([
    ["export", "run-failed"],
  ]);
});
