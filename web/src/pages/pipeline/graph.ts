/** The pipeline as nodes and edges, and where each node lies. Pure. */
import dagre from "@dagrejs/dagre";
import type { Schemas } from "../../api/client";

export type Status = Schemas["Status"];
export type DatasetStatus = Schemas["DatasetStatus"];
export type TemplateStatus = Schemas["TemplateStatus"];
export type ActionStatus = Schemas["ActionStatus"];

export const WIDTH = 208;
export const HEIGHT = 72;

export type Thing =
  | { kind: "dataset"; value: DatasetStatus }
  | { kind: "template"; value: TemplateStatus }
  | { kind: "action"; value: ActionStatus };

export interface Node {
  id: string;
  thing: Thing;
  x: number;
  y: number;
}

export interface Edge {
  id: string;
  from: string;
  to: string;
  /** What passes: files that wait to be worked on, finished ones, or only the news of progress. */
  carries: "waiting" | "finished" | "news";
  waiting: number;
  /** Files an hour; 0 while nobody is at work. */
  perHour: number;
  /** What is shown of it: those files, or the action that hears of them. */
  leads: { dataset: number; query: string } | { action: number };
}

export const datasetNode = (id: number): string => `dataset ${id}`;
export const templateNode = (id: number): string => `template ${id}`;
export const actionNode = (id: number): string => `action ${id}`;

export function edgesOf(status: Status): Edge[] {
  const datasets = new Set(status.datasets.map((dataset) => dataset.id));
  const edge = (
    from: string,
    to: string,
    carries: Edge["carries"],
    more: Pick<Edge, "leads"> & Partial<Edge>,
  ): Edge => ({
    id: `${from} > ${to}`,
    from,
    to,
    carries,
    waiting: 0,
    perHour: 0,
    ...more,
  });
  const inState = ({ name }: TemplateStatus, dataset: number, state: string) => ({
    dataset,
    query: `task("${name.replace(/["\\]/g, "\\$&")}").status = ${state}`,
  });
  return [
    ...status.templates.flatMap((template) => {
      const watched = template.watches.filter((id) => datasets.has(id));
      // How many wait is known for the template alone, not for each dataset that it watches.
      const waiting = watched.length === 1 ? (template.progress.counts["open"] ?? 0) : 0;
      return [
        ...watched.map((id) =>
          edge(datasetNode(id), templateNode(template.id), "waiting", {
            waiting,
            leads: inState(template, id, "open"),
          }),
        ),
        ...template.routes_to
          .filter((id) => datasets.has(id))
          .map((id) =>
            edge(templateNode(template.id), datasetNode(id), "finished", {
              perHour: (template.people ?? 0) > 0 ? (template.pace?.per_hour ?? 0) : 0,
              leads: inState(template, id, "done"),
            }),
          ),
      ];
    }),
    ...status.actions
      .filter((action) => action.template != null && status.templates.some((one) => one.id === action.template))
      .map((action) =>
        edge(templateNode(action.template ?? 0), actionNode(action.id), "news", { leads: { action: action.id } }),
      ),
  ];
}

/** Nodes from left to right, as files flow. */
export function layOut(status: Status, edges: readonly Edge[]): Node[] {
  const things: [string, Thing][] = [
    ...status.datasets.map((value): [string, Thing] => [datasetNode(value.id), { kind: "dataset", value }]),
    ...status.templates.map((value): [string, Thing] => [templateNode(value.id), { kind: "template", value }]),
    ...status.actions.map((value): [string, Thing] => [actionNode(value.id), { kind: "action", value }]),
  ];
  const plan = new dagre.graphlib.Graph();
  plan.setGraph({ rankdir: "LR", nodesep: 24, ranksep: 48, marginx: 0, marginy: 0 });
  for (const [id] of things) plan.setNode(id, { width: WIDTH, height: HEIGHT });
  for (const edge of edges) plan.setEdge(edge.from, edge.to, {});
  dagre.layout(plan);
  return things.map(([id, thing]) => {
    const at = plan.node(id) as { x: number; y: number };
    return { id, thing, x: at.x - WIDTH / 2, y: at.y - HEIGHT / 2 };
  });
}

export type Trouble = Schemas["Trouble"];

/** What stands still and why, node by node. */
export function troubles(status: Status): { thing: Thing; trouble: Trouble }[] {
  const all: Thing[] = [
    ...status.datasets.map((value): Thing => ({ kind: "dataset", value })),
    ...status.templates.map((value): Thing => ({ kind: "template", value })),
    ...status.actions.map((value): Thing => ({ kind: "action", value })),
  ];
  return all.flatMap((thing) => (thing.value.trouble ?? []).map((trouble) => ({ thing, trouble })));
}
