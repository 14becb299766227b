/** What the project's pipeline looks like now: kept fresh by its own events, a few times a second at most. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { api, body, type Schemas } from "./client";
import { useLive } from "./live";
import { queries } from "./queries";

export type Status = Schemas["Status"];

const PAUSE_MS = 700;

export const statusQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "status"],
    queryFn: (): Promise<Status> =>
      body(api.GET("/api/v1/projects/{project}/pipeline/status", { params: { path: { project } } })),
    refetchInterval: ({ state }) => (state.data?.is_counting ? PAUSE_MS : 60_000),
  });

/** The status, asked for again as events pass. */
export function useStatus(project: number) {
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const refresh = () => {
    waiting.current ??= setTimeout(() => {
      waiting.current = undefined;
      void queries.invalidateQueries({ queryKey: statusQuery(project).queryKey });
    }, PAUSE_MS);
  };
  useLive(project, refresh, refresh);
  // Nothing was heard while it was not shown.
  return useQuery({ ...statusQuery(project), refetchOnMount: "always" });
}
