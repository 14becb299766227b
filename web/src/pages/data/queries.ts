/** What the pages of datasets, files and versions ask for. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";
import { queries } from "../../api/queries";
import type { Kind, Shape } from "../../canvas/shapes";
import { from, type From } from "./places";

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

/** Files in a page of the grid: a part of the step between two milestones. */
export const PAGE = 50;

/** Files that can be picked one by one, as the API takes them. */
export const MOST_PICKED = 10_000;

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

/** What a live dataset follows. */
export const liveQuery = (project: number, dataset: number) =>
  queryOptions({
    queryKey: ["p", project, "dataset", dataset, "live"],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/datasets/{dataset}/live", { params: { path: { project, dataset } } })),
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

const entries = (project: number, of: Of, q: string, { after, skip }: From, limit: number, signal?: AbortSignal) => {
  const query = { after, skip, limit, q: q || undefined };
  const with_ = signal === undefined ? {} : { signal };
  return "dataset" in of
    ? body(
        api.GET("/api/v1/projects/{project}/datasets/{dataset}/files", {
          params: { path: { project, dataset: of.dataset }, query },
          ...with_,
        }),
      )
    : body(
        api.GET("/api/v1/projects/{project}/versions/{version}/files", {
          params: { path: { project, version: of.version }, query },
          ...with_,
        }),
      );
};

/** How many files there are, and where their list can be entered. */
export const milestonesQuery = (project: number, of: Of, q: string) =>
  queryOptions({
    queryKey: ["p", project, "entries", of, q, "milestones"],
    queryFn: () =>
      "dataset" in of
        ? body(
            api.GET("/api/v1/projects/{project}/datasets/{dataset}/files/milestones", {
              params: { path: { project, dataset: of.dataset }, query: { q: q || undefined } },
            }),
          )
        : body(
            api.GET("/api/v1/projects/{project}/versions/{version}/files/milestones", {
              params: { path: { project, version: of.version }, query: { q: q || undefined } },
            }),
          ),
    staleTime: Infinity, // events say when files came or went
    retry: false,
  });

/** The files from a place on, wherever it is. */
async function entriesFrom(project: number, of: Of, q: string, at: number, limit: number, signal?: AbortSignal) {
  // A few skipped files cost less than the milestones of a long list.
  const milestones = at < 2 * PAGE ? undefined : await queries.fetchQuery(milestonesQuery(project, of, q));
  return entries(project, of, q, from(milestones, at), limit, signal);
}

export const pageQuery = (project: number, of: Of, q: string, page: number) =>
  queryOptions({
    queryKey: ["p", project, "entries", of, q, "page", page],
    queryFn: ({ signal }) => entriesFrom(project, of, q, page * PAGE, PAGE, signal),
    retry: false,
  });

/** The files between two places, both included: at most as many as can be picked. */
export async function filesBetween(project: number, of: Of, q: string, first: number, last: number): Promise<Entry[]> {
  const found: Entry[] = [];
  const wanted = Math.min(last - first + 1, MOST_PICKED);
  let page = await entriesFrom(project, of, q, first, Math.min(wanted, 1000));
  for (;;) {
    found.push(...page.items);
    if (found.length >= wanted || page.next == null) return found.slice(0, wanted);
    page = await entries(project, of, q, { after: page.next, skip: 0 }, Math.min(wanted - found.length, 1000));
  }
}

/** What a page of the grid draws over its pictures, by file. */
export const overlaysQuery = (project: number, branch: number, asOf: number | undefined, files: readonly number[]) =>
  queryOptions({
    queryKey: ["p", project, "overlays", branch, asOf ?? null, files],
    queryFn: async ({ signal }) => {
      const found = (await body(
        api.GET("/api/v1/projects/{project}/annotations", {
          params: { path: { project }, query: { file: [...files], branch, as_of: asOf } },
          signal,
        }),
      )) as { file: number; annotations: Annotation[] }[];
      return new Map(found.map((one) => [one.file, one.annotations]));
    },
    staleTime: asOf === undefined ? 5_000 : Infinity,
    enabled: files.length > 0,
  });

export const fileQuery = (project: number, file: number) =>
  queryOptions({
    queryKey: ["p", project, "file", file],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/files/{file}", { params: { path: { project, file } } })),
    staleTime: 60_000,
  });

/** On main unless a branch is given, now unless a revision is. */
export const annotationsQuery = (project: number, file: number, asOf?: number, branch?: number) =>
  queryOptions({
    queryKey: ["p", project, "file", file, "annotations", asOf ?? null, branch ?? null],
    queryFn: async () =>
      (await body(
        api.GET("/api/v1/projects/{project}/files/{file}/annotations", {
          params: { path: { project, file }, query: { as_of: asOf, branch } },
        }),
      )) as Annotation[],
    staleTime: asOf === undefined ? 5_000 : Infinity,
  });

export const historyQuery = (project: number, file: number, branch?: number) =>
  queryOptions({
    queryKey: ["p", project, "file", file, "history", branch ?? null],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/files/{file}/annotations/history", {
          params: { path: { project, file }, query: { branch } },
        }),
      ),
  });

/** What there is among the files that a query finds, counted. */
export const facetsQuery = (project: number, of: Of, q: string) =>
  queryOptions({
    queryKey: ["p", project, "entries", of, q, "facets"],
    queryFn: ({ signal }) =>
      "dataset" in of
        ? body(
            api.GET("/api/v1/projects/{project}/datasets/{dataset}/facets", {
              params: { path: { project, dataset: of.dataset }, query: { q: q || undefined } },
              signal,
            }),
          )
        : body(
            api.GET("/api/v1/projects/{project}/versions/{version}/facets", {
              params: { path: { project, version: of.version }, query: { q: q || undefined } },
              signal,
            }),
          ),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const savedQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "queries"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/queries", { params: { path: { project } } })),
  });
