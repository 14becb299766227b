/** What an export changes on the way out, as it is edited. Pure. */
import type { Schemas } from "../api/client";

export type Transform = NonNullable<Schemas["NewExport"]["transforms"]>[number];
export type Do = Transform["do"];

/** What a change begins as. */
export const BEGUN: { readonly [D in Do]: Extract<Transform, { do: D }> } = {
  resize: { do: "resize", side: 1024 },
  tile: { do: "tile", size: [640, 640] },
  crop: { do: "crop" },
  labels: { do: "labels", map: {} },
  boxes: { do: "boxes" },
  split: { do: "split", train: 0.8, val: 0.2, test: 0 },
};

/** New names by old ones, of lines such as `car = vehicle`; nothing after the sign drops a label. */
export function mapIn(text: string): Record<string, string | null> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [old = "", now] = line.split("=", 2).map((part) => part.trim());
      return [old, now === undefined ? old : now || null];
    }),
  );
}

export const mapText = (map: Readonly<Record<string, string | null>>): string =>
  Object.entries(map)
    .map(([old, now]) => `${old} = ${now ?? ""}`.trimEnd())
    .join("\n");
