/** What the rail and Ctrl K lead to within a project, in their order. A page that is added to the router goes here too. */
import {
  Activity,
  ChartColumn,
  Images,
  type LucideIcon,
  Settings,
  Tags,
  Workflow,
  Zap,
  ClipboardList,
} from "lucide-react";
import { type Role, sees } from "../api/session";
import { words } from "../words";

export interface PageOfProject {
  to:
    | "/p/$project/pipeline"
    | "/p/$project/data"
    | "/p/$project/reports"
    | "/p/$project/schema"
    | "/p/$project/activity"
    | "/p/$project/settings"
    | "/p/$project/templates"
    | "/p/$project/actions";
  name: string;
  icon: LucideIcon;
  shown: (role: Role) => boolean;
  /** Other addresses of the project that belong to it. */
  holds?: readonly string[];
  /** Only by Ctrl K: the pipeline leads there. */
  jumpOnly?: true;
}

export const PAGES: readonly PageOfProject[] = [
  {
    to: "/p/$project/pipeline",
    name: words.rail.pipeline,
    icon: Workflow,
    shown: sees,
    holds: ["templates", "actions", "deliveries"],
  },
  {
    to: "/p/$project/data",
    name: words.rail.data,
    icon: Images,
    shown: sees,
    holds: ["files", "versions", "compare", "import"],
  },
  { to: "/p/$project/reports", name: words.rail.reports, icon: ChartColumn, shown: sees },
  { to: "/p/$project/schema", name: words.rail.schema, icon: Tags, shown: sees },
  { to: "/p/$project/activity", name: words.rail.activity, icon: Activity, shown: sees },
  { to: "/p/$project/settings", name: words.rail.settings, icon: Settings, shown: sees },
  { to: "/p/$project/templates", name: words.jump.templates, icon: ClipboardList, shown: sees, jumpOnly: true },
  { to: "/p/$project/actions", name: words.jump.actions, icon: Zap, shown: sees, jumpOnly: true },
];
