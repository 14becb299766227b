/** What somebody adds to a pipeline in the browser: steps that make one pipeline file of another. Pure. */
import type { Status } from "../graph";

export type ShapeKind = "box" | "polygon" | "point" | "polyline" | "keypoints" | "mask" | "tag";

export type Step =
  | { do: "dataset"; name: string }
  | {
      do: "template";
      name: string;
      watch: string;
      /** Names; none means all that the schema has. */
      labels: string[];
      kind: ShapeKind;
      /** Teams and e-mail addresses; none means every annotator. */
      people: string[];
      guide: string;
      /** The share that somebody else looks at, in percent. */
      review: number;
      /** The name of a model's predictions that are shown as suggestions. */
      suggestions: string;
      /** The dataset that finished files go to. */
      to: string;
    }
  | { do: "route"; template: string; to: string }
  | { do: "action"; name: string; template: string; reaches: number; then: Then };

export type Then =
  { do: "notify" } | { do: "export"; dataset: string; format: string; to: string } | { do: "webhook"; to: string };

type Named<T> = Record<string, T>;

/** A pipeline file, as far as steps look into it. The rest is carried along. */
export interface Doc {
  [section: string]: unknown;
  schema?: { labels?: Named<unknown>; [more: string]: unknown };
  teams?: Named<unknown>;
  datasets?: string[] | Named<unknown>;
  templates?: Named<{ watch?: unknown; on_done?: unknown; [more: string]: unknown }>;
  actions?: Named<unknown>;
}

export function applySteps(doc: Doc, steps: readonly Step[]): Doc {
  return steps.reduce(applyStep, doc);
}

function applyStep(doc: Doc, step: Step): Doc {
  switch (step.do) {
    case "dataset":
      return withDataset(doc, step.name);
    case "route": {
      const template = doc.templates?.[step.template];
      if (template === undefined) return doc;
      const routes = [...listOf(template.on_done), { to: step.to }];
      return withDataset(
        { ...doc, templates: { ...doc.templates, [step.template]: { ...template, on_done: routes } } },
        step.to,
      );
    }
    case "action":
      return { ...doc, actions: { ...doc.actions, [step.name]: actionOf(step) } };
    case "template":
      return withTemplate(doc, step);
  }
}

function withTemplate(doc: Doc, step: Step & { do: "template" }): Doc {
  const known = doc.schema?.labels ?? {};
  const added = Object.fromEntries(
    step.labels.filter((label) => !(label in known)).map((label) => [label, { kinds: [step.kind] }]),
  );
  const labels = { ...known, ...added };
  const every = step.labels.length === 0 || Object.keys(labels).every((label) => step.labels.includes(label));
  const [people, teams] = crewOf(doc, step);
  const template = {
    watch: step.watch,
    ...(every ? {} : { labels: step.labels }),
    ...(step.guide === "" ? {} : { guide: step.guide }),
    ...(people.length === 0 ? {} : { annotators: people }),
    ...(step.review > 0 ? { review: `${step.review}%` } : {}),
    ...(step.suggestions === "" ? {} : { prelabels: step.suggestions }),
    ...(step.to === "" ? {} : { on_done: [{ to: step.to }] }),
  };
  const whole: Doc = {
    ...doc,
    ...(step.labels.length === 0 ? {} : { schema: { ...doc.schema, labels } }),
    ...(teams === doc.teams ? {} : { teams: teams ?? {} }),
    templates: { ...doc.templates, [step.name]: template },
  };
  return [step.watch, step.to].filter((name) => name !== "").reduce(withDataset, whole);
}

/** Who works, and the teams: addresses that are new make a team, whose members are then invited. */
function crewOf(doc: Doc, step: Step & { do: "template" }): [string[], Doc["teams"]] {
  const teams = doc.teams ?? {};
  const named = step.people.filter((one) => !one.includes("@"));
  const addresses = step.people.filter((one) => one.includes("@"));
  if (addresses.length === 0) return [named, doc.teams];
  const team = `${step.name} team`;
  return [[...named, team], { ...teams, [team]: [...new Set([...membersOf(teams[team]), ...addresses])] }];
}

function membersOf(team: unknown): string[] {
  const members = Array.isArray(team) ? team : (team as { members?: unknown } | undefined)?.members;
  return Array.isArray(members) ? members.map(String) : [];
}

function actionOf(step: Step & { do: "action" }): unknown {
  const when = { progress: step.template, reaches: `${step.reaches}%` };
  const { then } = step;
  if (then.do === "notify") {
    return { when, do: [{ notify: { subject: `${step.template}: ${step.reaches} % is done` } }] };
  }
  if (then.do === "webhook") return { when, do: [{ webhook: { to: then.to } }] };
  return { when, do: [{ export: { dataset: then.dataset, format: then.format, to: then.to } }] };
}

function withDataset(doc: Doc, name: string): Doc {
  const datasets = doc.datasets ?? [];
  if (Array.isArray(datasets)) return datasets.includes(name) ? doc : { ...doc, datasets: [...datasets, name] };
  return name in datasets ? doc : { ...doc, datasets: { ...datasets, [name]: {} } };
}

const listOf = (value: unknown): unknown[] => (value === undefined || value === null ? [] : [value].flat());

/** The names that a list of names, or of things with a name under `key`, holds. */
const namesIn = (value: unknown, key: string): string[] =>
  listOf(value).flatMap((one) => {
    const name = typeof one === "object" && one !== null ? (one as Named<unknown>)[key] : one;
    return name === undefined ? [] : [String(name)];
  });

/** The pipeline with what a draft would add to it. Added things have ids below zero. */
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
      const routes = ids(namesIn(now?.on_done, "to")).filter((id) => !template.routes_to.includes(id));
      return routes.length === 0 ? template : { ...template, routes_to: [...template.routes_to, ...routes] };
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
          watches: ids(namesIn(told.watch, "dataset")),
          routes_to: ids(namesIn(told.on_done, "to")),
        };
      }),
  ];
  const actions = [
    ...status.actions,
    ...Object.entries(doc.actions ?? {})
      .filter(([name]) => !status.actions.some((one) => one.name === name))
      .map(([name, told]) => {
        const when = (told as { when?: { progress?: string; reaches?: string } }).when;
        return {
          id: ghost(),
          name,
          state: "on" as const,
          when: `reaches ${when?.reaches ?? ""}`,
          template: templates.find((one) => one.name === when?.progress)?.id ?? null,
          steps: [],
          runs: {},
        };
      }),
  ];
  return { datasets, templates, actions };
}
