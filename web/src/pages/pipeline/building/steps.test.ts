import { expect, test } from "vitest";
import { stepsOf } from "./recipes";
import { applySteps, type Doc, type Step, withGhosts } from "./steps";

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
  kind: "polygon",
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
  const answers = { dataset: "raw", labels: ["RBC"], kind: "box", people: [], experts: [], model: "" } as const;
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
