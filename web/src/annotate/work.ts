/** The calls of the annotator's screen. */

import { api, body, type Schemas } from "../api/client";
import type { Annotation } from "../canvas/changes";
import type { Label, Schema, Settings } from "./questions";

export type Task = Schemas["Task"];
export type Attempt = Schemas["Attempt"];
export type Claim = Schemas["Claim"];
export type Note = Schemas["Note"];
export type Card = Schemas["TemplateCard"];
export type Template = Schemas["Template"];
export type Role = "work" | "review";

/** All that the screen shows of an attempt. */
export interface Work {
  task: Task;
  attempt: Attempt;
  file: { id: number; key: string; media: string | null; width: number; height: number; meta: Record<string, unknown> };
  annotations: Annotation[];
  before: Record<string, Annotation | null>;
  holder: string;
  suggestions: Annotation[];
  notes: Note[];
  late_work: { attempt: number; who: number; changes: number }[];
  settings: Settings;
  edition: number;
  schema_version: number;
}

const params = <T extends object>(path: T): { params: { path: T } } => ({ params: { path } });

export const cards = (project: number): Promise<Card[]> =>
  body(api.GET("/api/v1/projects/{project}/work", params({ project })));

export const template = (project: number, id: number): Promise<Template> =>
  body(api.GET("/api/v1/projects/{project}/templates/{template}", params({ project, template: id })));

export const claim = (project: number, id: number, role: Role): Promise<Claim> =>
  body(
    api.POST("/api/v1/projects/{project}/templates/{template}/next", {
      params: { path: { project, template: id }, query: { role } },
    }),
  );

/** Take the next task, with all that is shown of it in the same answer. */
export const claimWork = (project: number, id: number, role: Role): Promise<Claim & { work: Work }> =>
  body(
    api.POST("/api/v1/projects/{project}/templates/{template}/next", {
      params: { path: { project, template: id }, query: { role, work: true } },
    }),
  ) as Promise<Claim & { work: Work }>;

export const task = (project: number, id: number): Promise<Task> =>
  body(api.GET("/api/v1/projects/{project}/tasks/{task}", params({ project, task: id })));

export const work = (project: number, attempt: number): Promise<Work> =>
  body(api.GET("/api/v1/projects/{project}/attempts/{attempt}/work", params({ project, attempt }))) as Promise<Work>;

/** What a claim of a task would show now. */
export const workAhead = (project: number, id: number, role: Role): Promise<Work> =>
  body(
    api.GET("/api/v1/projects/{project}/tasks/{task}/work", {
      params: { path: { project, task: id }, query: { role } },
    }),
  ) as Promise<Work>;

const schemas = new Map<string, Promise<Schema>>();

/** A version of the schema: it never changes, so it is asked for once. */
export function schemaAt(project: number, version: number): Promise<Schema> {
  const key = `${project} ${version}`;
  const asked =
    schemas.get(key) ??
    body<Schema>(
      api.GET("/api/v1/projects/{project}/schema/versions/{version}", params({ project, version })) as never,
    );
  schemas.set(key, asked);
  asked.catch(() => schemas.delete(key));
  return asked;
}

export const schemaNow = (project: number): Promise<Pick<Schema, "version">> =>
  body(api.GET("/api/v1/projects/{project}/schema", params({ project })) as never);

/** Whether the guide, the labels or the questions have changed since some work began; not while that can't be known. */
export async function isChanged({ task, edition, schema_version }: Work, project: number): Promise<boolean> {
  const now = await template(project, task.template).catch(() => null);
  const schema = await schemaNow(project).catch(() => null);
  return (now !== null && now.edition !== edition) || (schema !== null && schema.version !== schema_version);
}

export const reopen = (project: number, id: number): Promise<Claim | Task> =>
  body(api.POST("/api/v1/projects/{project}/tasks/{task}/reopen", params({ project, task: id })));

export const reserve = (project: number, id: number, role: Role, count: number): Promise<Task[]> =>
  body(
    api.PUT("/api/v1/projects/{project}/templates/{template}/reservations", {
      ...params({ project, template: id }),
      body: { role, count },
    }),
  );

export const heartbeat = (project: number, attempt: number, active_seconds: number): Promise<Attempt> =>
  body(
    api.POST("/api/v1/projects/{project}/attempts/{attempt}/heartbeat", {
      ...params({ project, attempt }),
      body: { active_seconds },
    }),
  );

export const take = (project: number, attempt: number, late: number): Promise<unknown> =>
  body(
    api.POST("/api/v1/projects/{project}/attempts/{attempt}/take", {
      ...params({ project, attempt }),
      body: { attempt: late },
    }),
  );

/** The tasks that I handed in under a template, the last first. */
export const submissions = async (project: number, id: number): Promise<number[]> => {
  const tasks = await body(
    api.GET("/api/v1/projects/{project}/templates/{template}/submissions", params({ project, template: id })),
  );
  return tasks.map((one) => one.id);
};

/** Mine among the tasks of a template that are in some status, oldest first. */
export async function held(project: number, id: number, status: Task["status"], me: number): Promise<Task[]> {
  const page = await body(
    api.GET("/api/v1/projects/{project}/tasks", {
      params: { path: { project }, query: { template: id, status, limit: 200 } },
    }),
  );
  return page.items.filter((one) => one.holder === me);
}

export const nameOf = (labels: readonly Label[], id: number | null): string =>
  labels.find((one) => one.id === id)?.name ?? "";
