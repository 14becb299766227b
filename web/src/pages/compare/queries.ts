/** What the page that compares two states asks for. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "../../api/client";
import type { Change } from "./changes";

const PAGE = 500;

export const versionsOfProjectQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "versions"],
    queryFn: async () =>
      (
        await body(
          api.GET("/api/v1/projects/{project}/versions", { params: { path: { project }, query: { limit: 1000 } } }),
        )
      ).items,
  });

/** How much differs; it says both states so that they stay the same. */
export const diffQuery = (project: number, a: string, b: string) =>
  queryOptions({
    queryKey: ["p", project, "diff", a, b],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/diff", { params: { path: { project }, query: { a, b } } })),
    retry: false,
  });

/** The annotations that differ, by file. Both states are fixed, so the answer is for ever. */
export const changesQuery = (project: number, a: string, b: string) =>
  infiniteQueryOptions({
    queryKey: ["p", project, "diff", a, b, "annotations"],
    queryFn: async ({ pageParam }) =>
      (await body(
        api.GET("/api/v1/projects/{project}/diff/annotations", {
          params: { path: { project }, query: { a, b, after: pageParam, limit: PAGE } },
        }),
      )) as { items: Change[]; next: string | null },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: Infinity,
  });

/** The files that entered, left, or whose metadata differ. */
export const changedFilesQuery = (project: number, a: string, b: string) =>
  infiniteQueryOptions({
    queryKey: ["p", project, "diff", a, b, "files"],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/projects/{project}/diff/files", {
          params: { path: { project }, query: { a, b, after: pageParam, limit: PAGE } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: Infinity,
  });
