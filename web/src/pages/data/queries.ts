/** What the pages of datasets, files and versions ask for. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";
import type { Kind, Shape } from "../../canvas/shapes";

export type Entry = Schemas["Entry"];
export type FileValue = Schemas["File"];

export interface Annotation {
  id: string;
  kind: Kind;
  label: number | null;
  geometry: Shape;
  attributes: Record<string, unknown>;
  source: string;
  confidence: number | null;
}

const PAGE = 200;

export const datasetsQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "datasets"],
    queryFn: async () =>
      (
        await body(
          api.GET("/api/v1/projects/{project}/datasets", { params: { path: { project }, query: { limit: 1000 } } }),
        )
      ).items,
  });

export const datasetQuery = (project: number, dataset: number) =>
  queryOptions({
    queryKey: ["p", project, "dataset", dataset],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/datasets/{dataset}", { params: { path: { project, dataset } } })),
  });

export const versionsQuery = (project: number, dataset: number) =>
  queryOptions({
    queryKey: ["p", project, "dataset", dataset, "versions"],
    queryFn: async () =>
      (
        await body(
          api.GET("/api/v1/projects/{project}/datasets/{dataset}/versions", {
            params: { path: { project, dataset }, query: { limit: 1000 } },
          }),
        )
      ).items,
  });

export const versionQuery = (project: number, version: number) =>
  queryOptions({
    queryKey: ["p", project, "version", version],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/versions/{version}", { params: { path: { project, version } } })),
  });

/** The files of a dataset, or of a version, in the order of their keys. */
export type Of = { dataset: number } | { version: number };

export const entriesQuery = (project: number, of: Of, q = "") =>
  infiniteQueryOptions({
    queryKey: ["p", project, "entries", of, q],
    queryFn: ({ pageParam }) =>
      "dataset" in of
        ? body(
            api.GET("/api/v1/projects/{project}/datasets/{dataset}/files", {
              params: {
                path: { project, dataset: of.dataset },
                query: { after: pageParam, limit: PAGE, q: q || undefined },
              },
            }),
          )
        : body(
            api.GET("/api/v1/projects/{project}/versions/{version}/files", {
              params: {
                path: { project, version: of.version },
                query: { after: pageParam, limit: PAGE, q: q || undefined },
              },
            }),
          ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const fileQuery = (project: number, file: number) =>
  queryOptions({
    queryKey: ["p", project, "file", file],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/files/{file}", { params: { path: { project, file } } })),
    staleTime: 60_000,
  });

export const annotationsQuery = (project: number, file: number, asOf?: number) =>
  queryOptions({
    queryKey: ["p", project, "file", file, "annotations", asOf ?? null],
    queryFn: async () =>
      (await body(
        api.GET("/api/v1/projects/{project}/files/{file}/annotations", {
          params: { path: { project, file }, query: { as_of: asOf } },
        }),
      )) as Annotation[],
    staleTime: asOf === undefined ? 5_000 : Infinity,
  });

export const historyQuery = (project: number, file: number) =>
  queryOptions({
    queryKey: ["p", project, "file", file, "history"],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/files/{file}/annotations/history", {
          params: { path: { project, file } },
        }),
      ),
  });

/** How many files a query finds. */
export const countQuery = (project: number, of: Of, q: string) =>
  queryOptions({
    queryKey: ["p", project, "entries", of, q, "count"],
    queryFn: async () =>
      (
        await ("dataset" in of
          ? body(
              api.GET("/api/v1/projects/{project}/datasets/{dataset}/files/count", {
                params: { path: { project, dataset: of.dataset }, query: { q } },
              }),
            )
          : body(
              api.GET("/api/v1/projects/{project}/versions/{version}/files/count", {
                params: { path: { project, version: of.version }, query: { q } },
              }),
            ))
      ).files,
    retry: false,
  });
