/** What the pages of reports ask for. */
import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";

export type Throughput = Schemas["Throughput"];
export type PersonWork = Schemas["PersonWork"];
export type TimeSpent = Schemas["TimeSpent"];
export type AuthorQuality = Schemas["AuthorQuality"];
export type LabelCount = Schemas["LabelCount"];
export type Per = "day" | "week" | "month";

/** UTC days, both included, and perhaps one template. */
export interface Scope {
  since: string;
  until: string;
  template?: number;
}

const DAY_MS = 86_400_000;
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The last so many days until today. */
export const lastDays = (days: number, now: number = Date.now()): { since: string; until: string } => ({
  since: dayOf(now - (days - 1) * DAY_MS),
  until: dayOf(now),
});

/** The first days of each day, week (a Monday) or month of a period, so that a chart has no gaps. */
export function starts(since: string, until: string, per: Per): string[] {
  const found: string[] = [];
  const at = new Date(`${since}T00:00:00Z`);
  if (per === "week") at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  if (per === "month") at.setUTCDate(1);
  while (dayOf(at.getTime()) <= until) {
    found.push(dayOf(at.getTime()));
    if (per === "month") at.setUTCMonth(at.getUTCMonth() + 1);
    else at.setUTCDate(at.getUTCDate() + (per === "week" ? 7 : 1));
  }
  return found;
}

/** Reports may also come as CSV, which these calls don't ask for. */
const rows = async <T>(call: Promise<{ data?: T }>): Promise<Exclude<T, string>> =>
  (await body(call)) as Exclude<T, string>;

const asked = <T extends object>(project: number, query: T) => ({ params: { path: { project }, query } });

export const throughputQuery = (project: number, scope: Scope, per: Per) =>
  queryOptions({
    queryKey: ["p", project, "reports", "throughput", scope, per],
    queryFn: () =>
      rows(
        api.GET(
          "/api/v1/projects/{project}/reports/throughput",
          asked(project, { ...scope, per, split: "person" as const }),
        ),
      ),
  });

export const peopleQuery = (project: number, scope: Scope) =>
  queryOptions({
    queryKey: ["p", project, "reports", "people", scope],
    queryFn: () => rows(api.GET("/api/v1/projects/{project}/reports/people", asked(project, scope))),
  });

export const timesQuery = (project: number, scope: Scope) =>
  queryOptions({
    queryKey: ["p", project, "reports", "times", scope],
    queryFn: () =>
      rows(api.GET("/api/v1/projects/{project}/reports/times", asked(project, { ...scope, split: "none" as const }))),
  });

/** Quality speaks of moments, not of days. */
export const moments = (scope: Scope) => ({
  since: `${scope.since}T00:00:00Z`,
  until: new Date(Date.parse(`${scope.until}T00:00:00Z`) + DAY_MS).toISOString(),
  ...(scope.template === undefined ? {} : { template: scope.template }),
});

export const qualityQuery = (project: number, scope: Scope) =>
  queryOptions({
    queryKey: ["p", project, "reports", "quality", scope],
    queryFn: () => rows(api.GET("/api/v1/projects/{project}/reports/quality", asked(project, moments(scope)))),
  });

export const labelsQuery = (project: number, dataset: number | undefined) =>
  queryOptions({
    queryKey: ["p", project, "reports", "labels", dataset ?? null],
    queryFn: () =>
      rows(
        api.GET("/api/v1/projects/{project}/reports/labels", asked(project, dataset === undefined ? {} : { dataset })),
      ),
  });

/** Where a report lies as CSV. */
export function csvPath(project: number, report: string, query: Record<string, string | number | undefined>): string {
  const told = new URLSearchParams({ as: "csv" });
  for (const [name, value] of Object.entries(query)) if (value !== undefined) told.set(name, String(value));
  return `/api/v1/projects/${project}/reports/${report}?${told.toString()}`;
}
