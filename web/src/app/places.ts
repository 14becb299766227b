/** What the rail and Ctrl K lead to within a project, in their order. A page that is added to the router goes here too. */
import { Images, Workflow, type LucideIcon } from "lucide-react";
import { type Role, sees } from "../api/session";
import { words } from "../words";

export interface PageOfProject {
  to: "/p/$project/pipeline" | "/p/$project/data";
  name: string;
  icon: LucideIcon;
  shown: (role: Role) => boolean;
}

export const PAGES: readonly PageOfProject[] = [
  { to: "/p/$project/pipeline", name: words.rail.pipeline, icon: Workflow, shown: sees },
  { to: "/p/$project/data", name: words.rail.data, icon: Images, shown: sees },
];
