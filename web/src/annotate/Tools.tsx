import { Tooltip } from "@mantine/core";
import {
  Brush,
  Circle,
  CircleDot,
  Diamond,
  Eraser,
  MousePointer2,
  Pentagon,
  PersonStanding,
  Spline,
  Redo2,
  Square,
  Trash2,
  Undo2,
  type LucideIcon,
} from "lucide-react";
import { memo } from "react";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import type { ToolName } from "./tools";
import { keys } from "./keyboard";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

const ICONS: Record<ToolName, LucideIcon> = {
  select: MousePointer2,
  box: Square,
  rotated_box: Diamond,
  polygon: Pentagon,
  polyline: Spline,
  point: CircleDot,
  keypoints: PersonStanding,
  ellipse: Circle,
  brush: Brush,
  eraser: Eraser,
};

/** What hands without a keyboard need as much as a tool. */
const STEPS: readonly [string, LucideIcon][] = [
  ["undo", Undo2],
  ["redo", Redo2],
  ["delete", Trash2],
];

/** Only the tools that the template's labels allow. */
export const Tools = memo(function Tools({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  const chosen = useSignal(desk.tool);
  useSignal(keys.bound);
  return (
    <div className={classes["tools"]} role="toolbar" aria-label={words.desk.tools} aria-orientation="vertical">
      {desk.tools(sheet).map((tool) => (
        <ToolButton key={tool} tool={tool} chosen={chosen === tool} pick={() => desk.pickTool(tool)} />
      ))}
      <span className={classes["rule"]} />
      {STEPS.map(([id, Icon]) => (
        <Step key={id} id={id} icon={Icon} />
      ))}
    </div>
  );
});

function ToolButton({ tool, chosen, pick }: { tool: ToolName; chosen: boolean; pick: () => void }) {
  const Icon = ICONS[tool];
  const key = keys.shown(`tool.${tool}`);
  return (
    <Tooltip label={`${words.tools[tool]}  ${key}`} position="right">
      <button
        type="button"
        className={classes["tool"]}
        aria-pressed={chosen}
        aria-label={words.tools[tool]}
        aria-keyshortcuts={key}
        onClick={pick}
      >
        <Icon size={18} aria-hidden />
      </button>
    </Tooltip>
  );
}

function Step({ id, icon: Icon }: { id: string; icon: LucideIcon }) {
  const title = keys.title(id);
  const key = keys.shown(id);
  return (
    <Tooltip label={`${title}  ${key}`} position="right">
      <button
        type="button"
        className={classes["tool"]}
        aria-label={title}
        aria-keyshortcuts={key}
        onClick={() => keys.run(id)}
      >
        <Icon size={18} aria-hidden />
      </button>
    </Tooltip>
  );
}
