import { expect, test } from "vitest";
import { stepsOf } from "./recipes";
import { removedBy, withGhosts } from "./ghosts";
import {
  actionOf,
  applySteps,
  BOX,
  changedWork,
  type Doc,
  flowOf,
  newActionOf,
  reflowed,
  type Step,
  workOf,
} from "./steps";

const DOC: Doc = {
  project: "cells",
  schema: { labels: { RBC: {} }, attributes: { focus: { kind: "radio" } } },
  connections: { bucket: { kind: "folder" } },
  datasets: ["raw"],
};

const STEP: Step = {
  do: "template",
  name: "label",
  watch: "raw",
  labels: ["WBC"],
  shape: { kind: "polygon", points: [], edges: [] },
  people: ["ann@example.org", "experts"],
  guide: "",
  review: 20,
  suggestions: "",
  to: "gold",
};

test("a template brings its labels, its people's team and the dataset that it feeds", () => {
  const made = applySteps(DOC, [STEP]);
  expect(made.schema?.labels).toEqual({ RBC: {}, WBC: { kinds: ["polygon"] } });
  expect(made.schema?.["attributes"]).toEqual(DOC.schema?.["attributes"]);
  expect(made["connections"]).toBe(DOC["connections"]);
  expect(made.teams).toEqual({ "label team": ["ann@example.org"] });
  expect(made.datasets).toEqual(["raw", "gold"]);
  expect(made.templates?.["label"]).toEqual({
    watch: "raw",
    labels: ["WBC"],
    annotators: ["experts", "label team"],
    review: "20%",
    on_done: [{ to: "gold" }],
  });
});

test("a route is added to those that are there, in whatever form they were written", () => {
  const made = applySteps({ ...DOC, templates: { label: { watch: "raw", on_done: "gold" } } }, [
    { do: "route", template: "label", to: "hard" },
  ]);
  expect(made.templates?.["label"]?.on_done).toEqual(["gold", { to: "hard" }]);
  expect(made.datasets).toContain("hard");
});

test("the two-stage recipe flows from the first dataset to gold, and shows as ghosts", () => {
  const answers = { dataset: "raw", labels: ["RBC"], shape: BOX, people: [], experts: [], model: "" } as const;
  const made = applySteps(DOC, stepsOf("two", { ...answers, labels: ["RBC"], people: [], experts: [] }));
  const status = {
    datasets: [{ id: 5, name: "raw", files: 9, watched_by: [], fed_by: [] }],
    templates: [],
    actions: [],
  };
  const shown = withGhosts(status, made);
  const name = (id: number) => shown.datasets.find((one) => one.id === id)?.name;
  expect(shown.templates.map((one) => [one.watches.map(name), one.name, one.routes_to.map(name)])).toEqual([
    [["raw"], "first pass", ["first pass complete"]],
    [["first pass complete"], "expert", ["gold"]],
  ]);
  expect(shown.templates.every((one) => one.id < 0)).toBe(true);
  expect(made.templates?.["expert"]).not.toHaveProperty("labels");
});

const STANDING: Doc = {
  ...DOC,
  datasets: ["raw", "gold", "a, b"],
  templates: {
    label: {
      watch: "raw",
      review: { share: "20%", if: "labels.RBC > 0" },
      on_done: [{ to: "gold", if: "labels.RBC > 1" }, { to: "a, b" }],
      priority: 3,
    },
  },
  actions: {
    tell: actionOf({ template: "label", reaches: 25, then: { do: "notify" } }),
    nightly: { when: { schedule: "0 6 * * *" }, do: [{ notify: { subject: "hi" } }] },
  },
};
const LABEL = STANDING.templates?.["label"] ?? {};

test("changing a template keeps whatever isn't asked of it", () => {
  const work = workOf(LABEL);
  expect(changedWork(LABEL, work, ["RBC"])).toEqual(LABEL);
  expect(changedWork(LABEL, { ...work, review: 50, guide: "look" }, ["RBC"])).toEqual({
    ...LABEL,
    guide: "look",
    review: { share: "50%", if: "labels.RBC > 0" },
  });
  expect(changedWork(LABEL, { ...work, review: 0 }, ["RBC"])).not.toHaveProperty("review");
  expect(reflowed(LABEL, flowOf(LABEL))).toEqual(LABEL);
  expect(reflowed(LABEL, { watch: ["raw"], to: ["gold", "new"] })["on_done"]).toEqual([
    { to: "gold", if: "labels.RBC > 1" },
    { to: "new" },
  ]);
});

test("a change on top of what others changed meanwhile keeps both", () => {
  const step: Step = {
    do: "change",
    section: "templates",
    name: "label",
    was: LABEL,
    to: { ...LABEL, guide: "mine", priority: 4 },
  };
  const theirs = { ...STANDING, templates: { label: { ...LABEL, lease_seconds: 60, priority: 9 } } };
  expect(applySteps(theirs, [step]).templates?.["label"]).toMatchObject({
    lease_seconds: 60,
    guide: "mine",
    priority: 4,
  });
  expect(applySteps({ ...STANDING, templates: {} }, [step]).templates).toEqual({});
});

test("what is removed takes along what would hang in the air, and the sections stay though empty", () => {
  const less = applySteps(STANDING, [{ do: "remove", section: "templates", name: "label" }]);
  expect(less.templates).toEqual({});
  expect(Object.keys(less.actions ?? {})).toEqual(["nightly"]);
  const dry = applySteps(STANDING, [{ do: "remove", section: "datasets", name: "gold" }]);
  expect(dry.datasets).toEqual(["raw", "a, b"]);
  expect(flowOf(dry.templates?.["label"] ?? {})).toEqual({ watch: ["raw"], to: ["a, b"] });
  expect([...removedBy([{ do: "remove", section: "datasets", name: "gold" }])]).toEqual(["datasets gold"]);
});

test("an action is asked for as it was made, and only if it is of that kind", () => {
  for (const then of [
    { do: "notify" },
    { do: "webhook", to: "trigger" },
    { do: "export", dataset: "raw", format: "coco", to: "bucket/tell" },
  ] as const) {
    const made = { template: "label", reaches: 30, then };
    expect(newActionOf(actionOf(made))).toEqual(made);
  }
  expect(newActionOf(STANDING.actions?.["nightly"] ?? {})).toBeUndefined();
});

test("new labels of a skeleton bring its points", () => {
  const shape = { kind: "keypoints", points: ["head", "tail"], edges: [[0, 1]] } satisfies (Step & {
    do: "labels";
  })["shape"];
  expect(applySteps(DOC, [{ do: "labels", labels: ["fish", "RBC"], shape }]).schema?.labels).toEqual({
    RBC: {},
    fish: { kinds: ["keypoints"], skeleton: { points: ["head", "tail"], edges: [[0, 1]] } },
  });
});
