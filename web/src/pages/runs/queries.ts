/** What the pages of runs ask for. Lists follow the project's events by being asked again. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../../api/client";

export const actionQuery = (project: number, action: number) =>
  queryOptions({
    queryKey: ["p", project, "action", action],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/actions/{action}", { params: { path: { project, action } } })),
  });

export const runsQuery = (project: number, action: number) =>
  queryOptions({
    queryKey: ["p", project, "action", action, "runs"],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/actions/{action}/runs", {
          params: { path: { project, action }, query: { limit: 100 } },
        }),
      ),
  });

export const runQuery = (project: number, run: number) =>
  queryOptions({
    queryKey: ["p", project, "run", run],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/runs/{run}", { params: { path: { project, run } } })),
  });

export const deliveryQuery = (project: number, delivery: number) =>
  queryOptions({
    queryKey: ["p", project, "delivery", delivery],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/deliveries/{delivery}", { params: { path: { project, delivery } } })),
  });
