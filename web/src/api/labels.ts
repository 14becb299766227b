/** The project's labels by id, with the colour that each is drawn in. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { LABEL_COLOURS } from "../theme/theme";
import { api, body, type Schemas } from "./client";

export type Label = Schemas["Label"];
export type Schema = Schemas["Schema"];

export const schemaQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "schema"],
    queryFn: async () =>
      (await body(api.GET("/api/v1/projects/{project}/schema", { params: { path: { project } } }))) as Schema,
    staleTime: 30_000,
  });

export function useSchema(project: number) {
  return useQuery(schemaQuery(project));
}

export const NO_LABEL = "#B8C0CC";

/** A label's colour; one by its place among the labels where it has none. */
export function labelColour(schema: Schema | undefined, id: number | null | undefined): string {
  const at = schema?.labels?.findIndex((label) => label.id === id) ?? -1;
  const label = schema?.labels?.[at];
  if (label === undefined) return NO_LABEL;
  return label.color ?? LABEL_COLOURS[at % LABEL_COLOURS.length] ?? NO_LABEL;
}
