/** The pipeline drawn as a draft would have it. Pure. */
import type { Status } from "../graph";
import { type Doc, flowOf, type Step, waitsFor } from "./steps";

/** The pipeline as a draft would have it; what it removes still stands. Added things have ids below zero. */
export function withGhosts(status: Status, doc: Doc): Status {
  let last = 0;
  const ghost = () => --last;
  const datasetNames = Array.isArray(doc.datasets) ? doc.datasets : Object.keys(doc.datasets ?? {});
  const datasets = [
    ...status.datasets,
    ...datasetNames
      .filter((name) => !status.datasets.some((one) => one.name === name))
      .map((name) => ({ id: ghost(), name, files: 0, watched_by: [], fed_by: [] })),
  ];
  const ids = (names: readonly string[]) =>
    names.flatMap((name) => datasets.find((one) => one.name === name)?.id ?? []);
  const wanted = Object.entries(doc.templates ?? {});
  const templates = [
    ...status.templates.map((template) => {
      const now = doc.templates?.[template.name];
      if (now === undefined) return template;
      const { watch, to } = flowOf(now);
      return { ...template, watches: ids(watch), routes_to: ids(to) };
    }),
    ...wanted
      .filter(([name]) => !status.templates.some((one) => one.name === name))
      .map(([name, told]) => {
        const id = ghost();
        return {
          id,
          name,
          state: "active",
          progress: { template: id, counts: {}, done: 0, total: 0, share: 0, as_of: 0 },
          watches: ids(flowOf(told).watch),
          routes_to: ids(flowOf(told).to),
        };
      }),
  ];
  const actions = [
    ...status.actions,
    ...Object.entries(doc.actions ?? {})
      .filter(([name]) => !status.actions.some((one) => one.name === name))
      .map(([name, told]) => {
        const when = told["when"] as { reaches?: string } | undefined;
        return {
          id: ghost(),
          name,
          state: "on" as const,
          when: `reaches ${when?.reaches ?? ""}`,
          template: templates.find((one) => one.name === waitsFor(told))?.id ?? null,
          steps: [],
          runs: {},
        };
      }),
  ];
  return { datasets, templates, actions };
}

/** The things that a draft takes away, as `templates first pass`. */
export const removedBy = (steps: readonly Step[]): ReadonlySet<string> =>
  new Set(steps.flatMap((step) => (step.do === "remove" ? `${step.section} ${step.name}` : [])));
