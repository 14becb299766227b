/** Dots on the pipes: which edges something passed just now. */
import { useRef, useState } from "react";
import { type Happening, useLive } from "../../api/live";
import { datasetNode, type Status, templateNode } from "./graph";

/** At most one dot per edge in this time: a fast pipeline is no snowstorm. */
const APART_MS = 700;

/** A number for each edge that grows when something passes. Empty for who wants less motion. */
export function usePulses(project: number, status: Status): ReadonlyMap<string, number> {
  const [pulses, setPulses] = useState<ReadonlyMap<string, number>>(new Map());
  const last = useRef(new Map<string, number>());
  useLive(project, (happening) => {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const now = performance.now();
    const passed = passedBy(happening, status).filter(
      (edge) => now - (last.current.get(edge) ?? -APART_MS) >= APART_MS,
    );
    if (passed.length === 0) return;
    for (const edge of passed) last.current.set(edge, now);
    setPulses((before) => new Map([...before, ...passed.map((edge) => [edge, (before.get(edge) ?? 0) + 1] as const)]));
  });
  return pulses;
}

function passedBy(happening: Happening, status: Status): string[] {
  const template = status.templates.find((one) => one.id === happening.body["template"]);
  if (template === undefined) return [];
  if (happening.kind === "task.opened") {
    return template.watches.map((id) => `${datasetNode(id)} > ${templateNode(template.id)}`);
  }
  if (happening.kind === "task.done") {
    return template.routes_to.map((id) => `${templateNode(template.id)} > ${datasetNode(id)}`);
  }
  return [];
}
