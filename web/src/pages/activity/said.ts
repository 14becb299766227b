/** What an event is about: names in place of ids, and where to look. Pure. */
import type { Schemas } from "../../api/client";
import { activity as words } from "../../words/activity";

type Told = Pick<Schemas["LoggedEvent"], "kind" | "body">;

export interface Names {
  person: Map<number, string>;
  template: Map<number, string>;
  dataset: Map<number, string>;
  action: Map<number, string>;
}

const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** The names of what an event speaks of, the most telling first. */
export function nameOf({ body }: Told, names: Names): string[] {
  const found: string[] = [];
  const own = body["name"] ?? body["key"];
  if (typeof own === "string") found.push(own);
  for (const what of ["template", "dataset", "action"] as const) {
    const id = number(body[what]);
    const name = id === undefined ? undefined : names[what].get(id);
    if (name !== undefined && !found.includes(name)) found.push(name);
  }
  const file = number(body["file"]);
  if (file !== undefined && found.length === 0) found.push(words.ofFile(file));
  const person = number(body["person"]);
  const who = person === undefined ? undefined : names.person.get(person);
  if (who !== undefined) found.push(who);
  if (typeof body["mark"] === "string") found.push(body["mark"]);
  return found;
}

/** The page of what an event speaks of. */
export function linkOf(project: number, { body, kind }: Told): string | null {
  const at = `/p/${project}`;
  const id = (what: string) => number(body[what]);
  if (kind.startsWith("schema.")) return `${at}/schema`;
  if (id("run") !== undefined && id("action") !== undefined) return `${at}/actions/${id("action")}/runs/${id("run")}`;
  if (id("delivery") !== undefined) return `${at}/deliveries/${id("delivery")}`;
  if (kind.startsWith("action.") && kind !== "action.removed") return `${at}/actions/${id("action")}`;
  if (id("file") !== undefined) return `${at}/files/${id("file")}`;
  if (kind.startsWith("template.")) return `${at}/templates/${id("template")}`;
  if (kind.startsWith("dataset.")) return `${at}/data/${id("dataset")}`;
  return null;
}
