import "@xyflow/react/dist/base.css";
import {
  BaseEdge,
  Controls,
  type Edge as FlowEdge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
  Handle,
  type Node as FlowNode,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
} from "@xyflow/react";
import { useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useMemo } from "react";
import { count, words } from "../../words";
import { AddMenu, type Building, sectionOf } from "./building/AddMenu";
import { NodeMenu } from "./building/NodeMenu";
import { Card } from "./Card";
import classes from "./Pipeline.module.css";
import { type Edge, edgesOf, HEIGHT, layOut, type Status, type TemplateStatus, type Thing, WIDTH } from "./graph";
import { usePulses } from "./pulses";

type CardNode = FlowNode<
  { project: number; thing: Thing; onTemplate: (template: TemplateStatus) => void; building: Building | undefined },
  "card"
>;
type PipeEdge = FlowEdge<
  { edge: Edge; pulse: number; show: (edge: Edge) => void; cut: { label: string; now: () => void } | undefined },
  "pipe"
>;

/** Below it the words on a node are too small to read. */
const LEAST_ZOOM = 0.8;

const nodeTypes = { card: CardInGraph };
const edgeTypes = { pipe: Pipe };

interface GraphProps {
  project: number;
  status: Status;
  onTemplate: (template: TemplateStatus) => void;
  /** How to add to it, for those who may. */
  building: Building | undefined;
}

/** The pipeline drawn from left to right, with dots as files pass. */
export function Graph({ project, status, onTemplate, building }: GraphProps) {
  const navigate = useNavigate();
  const pulses = usePulses(project, status);
  const showEdge = ({ leads }: Edge) => {
    if ("dataset" in leads && leads.dataset < 0) return; // of a draft: there is nothing yet
    void ("action" in leads
      ? navigate({ to: "/p/$project/actions/$action", params: { project, action: leads.action } })
      : navigate({
          to: "/p/$project/data/$dataset",
          params: { project, dataset: leads.dataset },
          search: { q: leads.query },
        }));
  };
  const drawn = useMemo(() => {
    const edges = edgesOf(status);
    return { edges, nodes: layOut(status, edges) };
  }, [status]);
  const nodes = drawn.nodes.map(({ id, x, y, thing }): CardNode => ({
    id,
    type: "card",
    position: { x, y },
    width: WIDTH,
    height: HEIGHT,
    data: { project, thing, onTemplate, building },
  }));
  const names = new Map(drawn.nodes.map(({ id, thing }) => [id, thing.value.name]));
  const cutOf = ({ from, to, carries }: Edge) => {
    const [start = "", end = ""] = [names.get(from), names.get(to)];
    if (building === undefined || carries === "news") return undefined;
    return {
      label: words.building.cut(start, end),
      now: () => (carries === "waiting" ? building.cut(end, start, "watch") : building.cut(start, end, "to")),
    };
  };
  const edges = drawn.edges.map((edge): PipeEdge => ({
    id: edge.id,
    source: edge.from,
    target: edge.to,
    type: "pipe",
    data: { edge, pulse: pulses.get(edge.id) ?? 0, show: showEdge, cut: cutOf(edge) },
  }));
  return (
    <section className={classes["graph"]} aria-label={words.pipeline.map}>
      <ReactFlow
        // The view is fitted again when a node comes or goes, and left alone when counts move.
        key={drawn.nodes.map((node) => node.id).join()}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={show}
        onEdgeClick={(_, { data }) => data && showEdge(data.edge)}
        minZoom={0.2}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        proOptions={{ hideAttribution: true }}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

/** All of it where that stays legible; else its beginning, and the rest by moving the map. */
function show(flow: ReactFlowInstance<CardNode, PipeEdge>): void {
  void flow.fitView({ maxZoom: 1, padding: 0.04 }).then(() => {
    const { x, y, zoom } = flow.getViewport();
    if (zoom >= LEAST_ZOOM) return;
    const { y: top, height } = flow.getNodesBounds(flow.getNodes());
    const middle = y + (top + height / 2) * zoom;
    void flow.setViewport({ x: Math.max(x, 24), y: middle - (top + height / 2) * LEAST_ZOOM, zoom: LEAST_ZOOM });
  });
}

function CardInGraph({ data }: NodeProps<CardNode>) {
  return (
    <>
      <Handle type="target" position={Position.Left} className={classes["handle"]} isConnectable={false} />
      <Card {...data} isRemoved={data.building?.isRemoved(sectionOf(data.thing), data.thing.value.name)} />
      {data.building !== undefined && (
        <>
          <NodeMenu thing={data.thing} building={data.building} className={`${classes["menu"] ?? ""} nopan`} />
          <AddMenu thing={data.thing} building={data.building} />
        </>
      )}
      <Handle type="source" position={Position.Right} className={classes["handle"]} isConnectable={false} />
    </>
  );
}

function Pipe({ id, data, ...ends }: EdgeProps<PipeEdge>) {
  const [path, x, y] = getBezierPath(ends);
  const { waiting = 0, perHour = 0 } = data?.edge ?? {};
  const long = waiting > 0 ? words.pipeline.waiting(waiting) : words.pipeline.rate(perHour);
  return (
    <>
      <BaseEdge id={id} path={path} className={classes["pipe"]} data-carries={data?.edge.carries} />
      {(data?.pulse ?? 0) > 0 && (
        <circle key={data?.pulse} r={4} className={classes["dot"]}>
          <animateMotion dur="0.9s" path={path} fill="freeze" calcMode="spline" keyTimes="0;1" keySplines=".3 0 .3 1" />
        </circle>
      )}
      {data?.cut !== undefined && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className={`${classes["cut"] ?? ""} nopan`}
            aria-label={data.cut.label}
            title={data.cut.label}
            style={{ transform: `translate(-50%, -50%) translate(${x + 6}px, ${y + 31}px)` }}
            onClick={(event) => {
              event.stopPropagation(); // else it would also be a click on the edge
              data.cut?.now();
            }}
          >
            <X size={12} aria-hidden />
          </button>
        </EdgeLabelRenderer>
      )}
      {data !== undefined && waiting + perHour > 0 && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className={classes["label"]}
            title={long}
            style={{ transform: `translate(-50%, -50%) translate(${x + 6}px, ${y}px)` }}
            onClick={() => data.show(data.edge)}
          >
            <span aria-hidden>{waiting > 0 ? count(waiting) : words.pipeline.shortRate(perHour)}</span>
            <span className="sr">{long}</span>
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
