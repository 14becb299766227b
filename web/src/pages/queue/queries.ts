/** A template's tasks, page by page. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";

export type QueuedTask = Schemas["QueuedTask"];
export type Status = QueuedTask["status"];

const PAGE = 100;
/** So many pages are few enough to look at them anew by themselves. */
const FRESH_PAGES = 3;

export const queueQuery = (project: number, template: number, status: Status | undefined, person: number | undefined) =>
  infiniteQueryOptions({
    queryKey: ["p", project, "queue", template, status, person],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/projects/{project}/templates/{template}/queue", {
          params: {
            path: { project, template },
            query: {
              limit: PAGE,
              ...(status === undefined ? {} : { status }),
              ...(person === undefined ? {} : { person }),
              ...(pageParam === "" ? {} : { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > FRESH_PAGES ? false : 10_000),
  });
