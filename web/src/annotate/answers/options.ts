import type { Value } from "../../canvas/changes";
import type { Attribute } from "../questions";

type Option = NonNullable<Attribute["options"]>[number];

/** The options to offer: the live ones, and an archived one that is the answer already. */
export function offered(attribute: Attribute, value: Value | undefined): Option[] {
  const chosen = Array.isArray(value) ? value : [value];
  return (attribute.options ?? []).filter((one) => !one.archived || chosen.includes(one.id));
}

/** Options under their parents, with the names of all above them. */
export function branches(attribute: Attribute, value: Value | undefined): { id: number; path: string }[] {
  const all = offered(attribute, value);
  const under = (parent: number | null, path: string): { id: number; path: string }[] =>
    all
      .filter((one) => (one.parent ?? null) === parent)
      .flatMap((one) => {
        const name = path === "" ? one.name : `${path} › ${one.name}`;
        return [{ id: one.id, path: name }, ...under(one.id, name)];
      });
  return under(null, "");
}
