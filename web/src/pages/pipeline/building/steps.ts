/** What somebody changes of a pipeline in the browser: steps that make one pipeline file of another. Pure. */
import type { Schemas } from "../../../api/client";
import { alike, merged } from "../../../parts/sides";

export type Kind = NonNullable<Schemas["Label"]["kinds"]>[number];

/** How new labels are drawn; a skeleton by its points, and by pairs of them that are joined. */
export interface Shape {
  kind: Kind;
  points: string[];
  edges: [number, number][];
}

export const BOX: Shape = { kind: "box", points: [], edges: [] };

export interface Work {
  /** Names; none means all that the schema has. */
  labels: string[];
  shape: Shape;
  /** Teams and e-mail addresses; none means every annotator. */
  people: string[];
  guide: string;
  /** The share that somebody else looks at, in percent. */
  review: number;
  /** The name of a model's predictions that are shown as suggestions. */
  suggestions: string;
}

export type Section = "datasets" | "templates" | "actions";

export type Step =
  | { do: "dataset"; name: string }
  | (Work & {
      do: "template";
      name: string;
      watch: string;
      /** The dataset that finished files go to. */
      to: string;
    })
  | { do: "route"; template: string; to: string }
  | { do: "labels"; labels: string[]; shape: Shape }
  | (NewAction & { do: "action"; name: string })
  /** What one thing was and is to be. What else changed of it meanwhile stays. */
  | { do: "change"; section: "templates" | "actions"; name: string; was: Fields; to: Fields }
  | { do: "remove"; section: Section; name: string };

export interface NewAction {
  template: string;
  /** In percent. */
  reaches: number;
  then: Then;
}

export type Then =
  { do: "notify" } | { do: "export"; dataset: string; format: string; to: string } | { do: "webhook"; to: string };

type Named<T> = Record<string, T>;
export type Fields = Named<unknown>;

/** A pipeline file, as far as steps look into it. The rest is carried along. */
export interface Doc {
  [section: string]: unknown;
  schema?: { labels?: Named<unknown>; [more: string]: unknown };
  teams?: Named<unknown>;
  datasets?: string[] | Named<unknown>;
  templates?: Named<Fields>;
  actions?: Named<Fields>;
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
      const routes = [...listOf(template["on_done"]), { to: step.to }];
      return withDataset(
        { ...doc, templates: { ...doc.templates, [step.template]: { ...template, on_done: routes } } },
        step.to,
      );
    }
    case "action":
      return { ...doc, actions: { ...doc.actions, [step.name]: actionOf(step) } };
    case "template":
      return withTemplate(doc, step);
    case "labels":
      return withLabels(doc, step.labels, step.shape);
    case "change": {
      const now = doc[step.section]?.[step.name];
      if (now === undefined) return doc; // somebody removed it meanwhile
      return { ...doc, [step.section]: { ...doc[step.section], [step.name]: merged(step.was, step.to, now) } };
    }
    case "remove":
      return without(doc, step);
  }
}

function withLabels(doc: Doc, labels: readonly string[], { kind, points, edges }: Shape): Doc {
  const known = doc.schema?.labels ?? {};
  const label = { kinds: [kind], ...(kind === "keypoints" ? { skeleton: { points, edges } } : {}) };
  const added = Object.fromEntries(labels.filter((name) => !(name in known)).map((name) => [name, label]));
  return { ...doc, schema: { ...doc.schema, labels: { ...known, ...added } } };
}

function withTemplate(doc: Doc, step: Step & { do: "template" }): Doc {
  const known = step.labels.length === 0 ? doc : withLabels(doc, step.labels, step.shape);
  const [people, teams] = crewOf(doc, step);
  const whole: Doc = {
    ...known,
    ...(teams === doc.teams ? {} : { teams: teams ?? {} }),
    templates: {
      ...doc.templates,
      [step.name]: {
        watch: step.watch,
        ...changedWork({}, { ...step, people }, labelsOf(known)),
        ...(step.to === "" ? {} : { on_done: [{ to: step.to }] }),
      },
    },
  };
  return [step.watch, step.to].filter((name) => name !== "").reduce(withDataset, whole);
}

export const labelsOf = (doc: Doc): string[] => Object.keys(doc.schema?.labels ?? {});

/** A template's settings with other answers to what is asked here. What isn't asked here stays as it is. */
export function changedWork(was: Fields, work: Omit<Work, "shape">, labels: readonly string[]): Fields {
  const { labels: _, guide: __, annotators, review, prelabels, ...kept } = was;
  const before = workOf(was);
  const every = work.labels.length === 0 || labels.every((label) => work.labels.includes(label));
  const put = (field: string, isSame: boolean, old: unknown, now: Fields): Fields =>
    isSame ? (old === undefined ? {} : { [field]: old }) : now;
  return {
    ...kept,
    ...(every ? {} : { labels: work.labels }),
    ...(work.guide === "" ? {} : { guide: work.guide }),
    ...put("annotators", `${before.people}` === `${work.people}`, annotators, {
      ...(work.people.length === 0 ? {} : { annotators: work.people }),
    }),
    ...put("review", before.review === work.review, review, {
      ...(work.review > 0
        ? { review: isFields(review) ? { ...review, share: `${work.review}%` } : `${work.review}%` }
        : {}),
    }),
    ...put("prelabels", before.suggestions === work.suggestions, prelabels, {
      ...(work.suggestions === ""
        ? {}
        : { prelabels: isFields(prelabels) ? { ...prelabels, predictions: work.suggestions } : work.suggestions }),
    }),
  };
}

/** What is asked here of a template, as it stands. */
export function workOf(template: Fields): Omit<Work, "shape"> {
  const share = isFields(template["review"]) ? (template["review"]["share"] ?? 1) : (template["review"] ?? 0);
  const percent = /^([\d.]+)%$/.exec(String(share));
  return {
    labels: listOf(template["labels"]).map(String),
    people: listOf(template["annotators"]).map(String),
    guide: String(template["guide"] ?? ""),
    review: percent === null ? 100 * Number(share) : Number(percent[1]),
    suggestions: namesIn(template["prelabels"], "predictions")[0] ?? "",
  };
}

/** The datasets that a template watches, and those that it sends finished files to. */
export const flowOf = (template: Fields): { watch: string[]; to: string[] } => ({
  watch: namesIn(template["watch"], "dataset"),
  to: [...new Set(namesIn(template["on_done"], "to"))],
});

/** A template that watches and feeds other datasets. What is said of those that stay is kept. */
export function reflowed(template: Fields, { watch, to }: { watch: string[]; to: string[] }): Fields {
  const now = flowOf(template);
  const put = (field: string, key: string, was: string[], names: string[]): Fields =>
    `${was}` === `${names}`
      ? {}
      : {
          [field]: [
            ...listOf(template[field]).filter((one) => names.includes(namesIn(one, key)[0] ?? "")),
            ...names.filter((name) => !was.includes(name)).map((name) => ({ [key]: name })),
          ],
        };
  return { ...template, ...put("watch", "dataset", now.watch, watch), ...put("on_done", "to", now.to, to) };
}

/** Take something away, and what would hang in the air without it: edges, and actions that wait for a template. */
function without(doc: Doc, { section, name }: Step & { do: "remove" }): Doc {
  const left = <T>(things: Named<T> = {}, stays: (name: string, thing: T) => boolean): Named<T> =>
    Object.fromEntries(Object.entries(things).filter(([one, thing]) => stays(one, thing)));
  const others = (one: string) => one !== name;
  if (section === "datasets") {
    const cut = (template: Fields): Fields => {
      const { watch, to } = flowOf(template);
      return reflowed(template, { watch: watch.filter(others), to: to.filter(others) });
    };
    return {
      ...doc,
      datasets: Array.isArray(doc.datasets) ? doc.datasets.filter(others) : left(doc.datasets, others),
      ...(doc.templates && {
        templates: Object.fromEntries(Object.entries(doc.templates).map(([one, told]) => [one, cut(told)])),
      }),
    };
  }
  const smaller: Doc = { ...doc, [section]: left<Fields>(doc[section], others) };
  if (section !== "templates" || doc.actions === undefined) return smaller;
  return { ...smaller, actions: left(doc.actions, (_, action) => waitsFor(action) !== name) };
}

/** The template whose progress an action waits for. */
export function waitsFor(action: Fields): string | undefined {
  const when = action["when"];
  return isFields(when) && "progress" in when ? String(when["progress"]) : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

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

export function actionOf({ template, reaches, then }: NewAction): Fields {
  const when = { progress: template, reaches: `${reaches}%` };
  if (then.do === "notify") return { when, do: [{ notify: { subject: `${template}: ${reaches} % is done` } }] };
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

/** An action as it is asked for here; undefined when it is one of another kind. */
export function newActionOf(action: Fields): NewAction | undefined {
  const template = waitsFor(action) ?? "";
  const reaches = Number.parseFloat(String((action["when"] as Fields | undefined)?.["reaches"]));
  const step = (listOf(action["do"])[0] ?? {}) as Named<Fields | undefined>;
  const told = (of: Fields | undefined, field: string) => String(of?.[field] ?? "");
  const then: Then =
    "export" in step
      ? {
          do: "export",
          dataset: told(step["export"], "dataset"),
          format: told(step["export"], "format"),
          to: told(step["export"], "to"),
        }
      : "webhook" in step
        ? { do: "webhook", to: told(step["webhook"], "to") }
        : { do: "notify" };
  const read = { template, reaches, then };
  return alike(actionOf(read), action) ? read : undefined;
}
