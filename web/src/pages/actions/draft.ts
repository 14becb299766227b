/** An action as it is being edited: numbers and JSON may be half typed. Pure. */
import type { Schemas } from "../../api/client";

export type Settings = Schemas["ActionSettings"];
export type Step = Schemas["Step"];

export type TriggerKind = "progress" | "event" | "schedule" | "by_hand";
export type MarkKind = "reaches" | "every_share" | "every_tasks";

export interface TriggerDraft {
  kind: TriggerKind;
  template: string | null;
  mark: MarkKind;
  amount: number;
  atLeast: number;
  event: string;
  where: string;
  cron: string;
  zone: string;
}

export interface StepDraft {
  key: string;
  kind: string;
  name: string;
  settings: Record<string, unknown>;
  /** JSON fields as they are typed. */
  json: Record<string, string>;
  rest: Partial<Step>;
}

export const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function triggerDraft(when: Settings["when"] | undefined): TriggerDraft {
  const draft: TriggerDraft = {
    kind: "progress",
    template: null,
    mark: "reaches",
    amount: 25,
    atLeast: 20,
    event: "",
    where: "",
    cron: "",
    zone: zoneHere(),
  };
  if (when === undefined) return draft;
  if ("progress" in when) {
    const told = when.reaches ?? when.every ?? "25%";
    const mark = when.reaches != null ? "reaches" : told.includes("task") ? "every_tasks" : "every_share";
    return {
      ...draft,
      template: String(when.progress),
      mark,
      amount: Number.parseFloat(told),
      atLeast: when.at_least ?? 20,
    };
  }
  if ("event" in when) {
    const where = Object.keys(when.where ?? {}).length === 0 ? "" : JSON.stringify(when.where);
    return { ...draft, kind: "event", event: when.event, where };
  }
  if ("schedule" in when) return { ...draft, kind: "schedule", cron: when.schedule, zone: when.zone ?? "UTC" };
  return { ...draft, kind: "by_hand" };
}

/** What the API takes; undefined while some JSON can't be read. */
export function trigger(draft: TriggerDraft): Settings["when"] | undefined {
  switch (draft.kind) {
    case "progress": {
      const said =
        draft.mark === "every_tasks"
          ? { every: `${draft.amount} tasks` }
          : { [draft.mark === "reaches" ? "reaches" : "every"]: `${draft.amount}%` };
      return { progress: Number(draft.template), at_least: draft.atLeast, ...said };
    }
    case "event": {
      const where = jsonIn(draft.where);
      return where === undefined ? undefined : { event: draft.event, where: where as Record<string, string> };
    }
    case "schedule":
      return { schedule: draft.cron, zone: draft.zone };
    case "by_hand":
      return { by_hand: true };
  }
}

const JSON_FIELDS: Record<string, string[]> = { webhook: ["data"], command: ["inputs"] };

export function stepDraft(step: Step, key: string): StepDraft {
  const { kind, name = "", settings = {}, ...rest } = step;
  const json = Object.fromEntries(
    (JSON_FIELDS[kind] ?? []).map((field) => [field, isEmpty(settings[field]) ? "" : JSON.stringify(settings[field])]),
  );
  return { key, kind, name: name === kind ? "" : name, settings, json, rest };
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);

/** What the API takes; undefined while some JSON can't be read. */
export function stepOf(draft: StepDraft): Step | undefined {
  const settings: Record<string, unknown> = { ...draft.settings };
  for (const [field, text] of Object.entries(draft.json)) {
    const read = jsonIn(text);
    if (read === undefined) return undefined;
    settings[field] = read;
  }
  return { ...draft.rest, kind: draft.kind, ...(draft.name === "" ? {} : { name: draft.name }), settings };
}

/** An object in text; none for no text, undefined where it can't be read. */
export function jsonIn(text: string): Record<string, unknown> | undefined {
  if (text.trim() === "") return {};
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read)
      ? (read as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
