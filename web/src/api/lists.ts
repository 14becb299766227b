/** Lists of a project's things, as forms offer them. */
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";

export type Member = Schemas["Member"];
export type Team = Schemas["Team"];
export type Template = Schemas["Template"];
export type Dataset = Schemas["Dataset"];
export type Connection = Schemas["ConnectionShown"];
export type Action = Schemas["Action"];

const within = (project: number) => ({ params: { path: { project } } });

export const membersQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "members"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/members", within(project))),
  });

export const teamsQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "teams"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/teams", within(project))),
  });

export const templatesQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "templates"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/templates", within(project))),
  });

export const templateQuery = (project: number, template: number) =>
  queryOptions({
    queryKey: ["p", project, "template", template],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/templates/{template}", { params: { path: { project, template } } })),
  });

export const datasetsQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "datasets", "all"],
    queryFn: async (): Promise<Dataset[]> => {
      const found: Dataset[] = [];
      let after: string | undefined;
      do {
        const query: { limit: number; after?: string } = { limit: 200, ...(after === undefined ? {} : { after }) };
        const page = await body(
          api.GET("/api/v1/projects/{project}/datasets", { params: { path: { project }, query } }),
        );
        found.push(...page.items);
        after = page.next ?? undefined;
      } while (after !== undefined);
      return found;
    },
  });

export const connectionsQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "connections"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/connections", within(project))),
  });

export const actionsQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "actions"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/actions", within(project))),
  });

export const formatsQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "formats"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/formats", within(project))),
    staleTime: Infinity,
  });

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: () => body(api.GET("/api/v1/health")),
  staleTime: 60_000,
});

/** The names of things by id, for sentences about them. */
export const named = (things: readonly { id: number; name: string }[] | undefined): Map<number, string> =>
  new Map(things?.map((one) => [one.id, one.name]));

/** What a Select offers: ids as text, by name. */
export const offered = (
  things: readonly { id: number; name: string }[] | undefined,
): { value: string; label: string }[] => things?.map((one) => ({ value: String(one.id), label: one.name })) ?? [];
