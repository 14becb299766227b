/** Which address shows what. Pages are loaded when they are first wanted. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { queries } from "../api/queries";
import { Refused } from "../api/problem";
import { meQuery } from "../api/session";
import { Broken } from "../parts/Broken";
import { Loading } from "../parts/Loading";
import type { Among } from "../pages/data/Neighbours";
import { NotFound } from "../parts/NotFound";
import { Frame } from "./Frame";
import { Room } from "./Room";
import { startPage } from "./start";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const thenTo = (search: Record<string, unknown>): { to?: string } =>
  typeof search["to"] === "string" ? { to: search["to"] } : {};

// A page of their own: somebody signed in never needs them.
const Join = lazyRouteComponent(() => import("./Join"), "Join");
const SignIn = lazyRouteComponent(() => import("./SignIn"), "SignIn");

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: thenTo,
  component: SignIn,
});
const signInByLink = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/$link",
  validateSearch: thenTo,
  component: SignIn,
});
const join = createRoute({ getParentRoute: () => root, path: "/join/$token", component: Join });

/** Everything below needs somebody signed in. Full-screen pages hang here, all others under `frame`. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ location }) => {
    try {
      return { me: await queries.ensureQueryData(meQuery) };
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { to: location.href } });
      }
      throw error;
    }
  },
  component: Outlet,
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: ({ context }) => {
    throw redirect({ href: startPage(context.me) });
  },
});

/** Pages with the rail beside them. */
export const frame = createRoute({ getParentRoute: () => signedIn, id: "frame", component: Frame });

const start = createRoute({
  getParentRoute: () => frame,
  path: "/start",
  component: lazyRouteComponent(() => import("../pages/start/Start"), "Start"),
});

export const project = createRoute({
  getParentRoute: () => frame,
  path: "/p/$project",
  params: {
    parse: ({ project }) => ({ project: Number(project) }),
    stringify: ({ project }) => ({ project: String(project) }),
  },
  component: Room,
  notFoundComponent: NotFound,
});

const id = <Name extends string>(name: Name) => ({
  parse: (given: Record<Name, string>) => ({ [name]: Number(given[name]) }) as Record<Name, number>,
  stringify: (given: Record<Name, number>) => ({ [name]: String(given[name]) }) as Record<Name, string>,
});
const asking = (search: Record<string, unknown>): { q?: string } =>
  typeof search["q"] === "string" ? { q: search["q"] } : {};
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const whole = (value: unknown): number | undefined => (Number.isInteger(value) ? (value as number) : undefined);

type Status = Schemas["Task"]["status"];
const STATUSES = [
  "open",
  "in_progress",
  "in_review",
  "returned",
  "done",
  "skipped",
  "cancelled",
] as const satisfies Status[];

const pipeline = createRoute({
  getParentRoute: () => project,
  path: "/pipeline",
  validateSearch: (search): { view?: "list"; demo?: true } => ({
    ...(search["view"] === "list" ? { view: "list" } : {}),
    ...(search["demo"] === true ? { demo: true } : {}),
  }),
  component: lazyRouteComponent(() => import("../pages/pipeline/Pipeline"), "Pipeline"),
});

const importing = createRoute({
  getParentRoute: () => project,
  path: "/import",
  validateSearch: (search): { dataset?: number | undefined; run?: number | undefined } => ({
    dataset: whole(search["dataset"]),
    run: whole(search["run"]),
  }),
  component: lazyRouteComponent(() => import("../pages/import/Import"), "Import"),
});

const datasets = createRoute({
  getParentRoute: () => project,
  path: "/data",
  component: lazyRouteComponent(() => import("../pages/data/Datasets"), "Datasets"),
});

const dataset = createRoute({
  getParentRoute: () => project,
  path: "/data/$dataset",
  params: id("dataset"),
  validateSearch: asking,
  component: lazyRouteComponent(() => import("../pages/data/Dataset"), "Dataset"),
});

const file = createRoute({
  getParentRoute: () => project,
  path: "/files/$file",
  params: id("file"),
  validateSearch: (search): Among => ({
    dataset: whole(search["dataset"]),
    version: whole(search["version"]),
    q: text(search["q"]),
    n: whole(search["n"]),
    at: whole(search["at"]),
    branch: whole(search["branch"]),
  }),
  component: lazyRouteComponent(() => import("../pages/data/File"), "File"),
});

const version = createRoute({
  getParentRoute: () => project,
  path: "/versions/$version",
  params: id("version"),
  validateSearch: asking,
  component: lazyRouteComponent(() => import("../pages/data/Version"), "Version"),
});

const compare = createRoute({
  getParentRoute: () => project,
  path: "/compare",
  validateSearch: (search): { a?: string | undefined; b?: string | undefined } => ({
    a: text(search["a"]),
    b: text(search["b"]),
  }),
  component: lazyRouteComponent(() => import("../pages/compare/Compare"), "Compare"),
});

const action = createRoute({
  getParentRoute: () => project,
  path: "/actions/$action",
  params: id("action"),
  component: lazyRouteComponent(() => import("../pages/runs/Action"), "Action"),
});

const run = createRoute({
  getParentRoute: () => project,
  path: "/actions/$action/runs/$run",
  params: {
    parse: ({ action, run }) => ({ action: Number(action), run: Number(run) }),
    stringify: ({ action, run }) => ({ action: String(action), run: String(run) }),
  },
  component: lazyRouteComponent(() => import("../pages/runs/Run"), "Run"),
});

const delivery = createRoute({
  getParentRoute: () => project,
  path: "/deliveries/$delivery",
  params: id("delivery"),
  component: lazyRouteComponent(() => import("../pages/runs/Delivery"), "Delivery"),
});

const schema = createRoute({
  getParentRoute: () => project,
  path: "/schema",
  component: lazyRouteComponent(() => import("../pages/schema/Schema"), "Schema"),
});

const templates = createRoute({
  getParentRoute: () => project,
  path: "/templates",
  component: lazyRouteComponent(() => import("../pages/templates/Templates"), "Templates"),
});

const newTemplate = createRoute({
  getParentRoute: () => project,
  path: "/templates/new",
  component: lazyRouteComponent(() => import("../pages/templates/Template"), "NewTemplate"),
});

const template = createRoute({
  getParentRoute: () => project,
  path: "/templates/$template",
  params: id("template"),
  component: lazyRouteComponent(() => import("../pages/templates/Template"), "Template"),
});

const queue = createRoute({
  getParentRoute: () => project,
  path: "/templates/$template/queue",
  params: id("template"),
  validateSearch: (search): { status?: Status | undefined; person?: number | undefined } => ({
    status: STATUSES.find((one) => one === search["status"]),
    person: whole(search["person"]),
  }),
  component: lazyRouteComponent(() => import("../pages/queue/Queue"), "Queue"),
});

const actions = createRoute({
  getParentRoute: () => project,
  path: "/actions",
  component: lazyRouteComponent(() => import("../pages/actions/Actions"), "Actions"),
});

const newAction = createRoute({
  getParentRoute: () => project,
  path: "/actions/new",
  component: lazyRouteComponent(() => import("../pages/actions/ActionForm"), "NewAction"),
});

const editAction = createRoute({
  getParentRoute: () => project,
  path: "/actions/$action/edit",
  params: id("action"),
  component: lazyRouteComponent(() => import("../pages/actions/ActionForm"), "EditAction"),
});

const reports = createRoute({
  getParentRoute: () => project,
  path: "/reports/$report",
  component: lazyRouteComponent(() => import("../pages/reports/Reports"), "Reports"),
});

const activity = createRoute({
  getParentRoute: () => project,
  path: "/activity",
  component: lazyRouteComponent(() => import("../pages/activity/Activity"), "Activity"),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings/$tab",
  component: lazyRouteComponent(() => import("../pages/settings/Settings"), "Settings"),
});

const firstReport = createRoute({
  getParentRoute: () => project,
  path: "/reports",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/p/$project/reports/$report", params: { ...params, report: "people" }, replace: true });
  },
});

const firstSetting = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/p/$project/settings/$tab", params: { ...params, tab: "members" }, replace: true });
  },
});

const inbox = createRoute({
  getParentRoute: () => frame,
  path: "/inbox",
  component: lazyRouteComponent(() => import("../pages/inbox/Inbox"), "Inbox"),
});

const you = createRoute({
  getParentRoute: () => frame,
  path: "/you",
  component: lazyRouteComponent(() => import("../pages/settings/You"), "You"),
});

const forms = [
  schema,
  templates,
  newTemplate,
  template,
  queue,
  actions,
  newAction,
  editAction,
  firstReport,
  reports,
  activity,
  firstSetting,
  settings,
] as const;

const inProject = project.addChildren([
  pipeline,
  importing,
  datasets,
  dataset,
  file,
  version,
  compare,
  action,
  run,
  delivery,
  ...forms,
]);

const tasks = createRoute({
  getParentRoute: () => frame,
  path: "/tasks",
  component: lazyRouteComponent(() => import("../annotate/Tasks"), "Tasks"),
});

const annotating = createRoute({
  getParentRoute: () => signedIn,
  path: "/tasks/$template/$task",
  component: lazyRouteComponent(() => import("../annotate/Screen"), "Screen"),
});

const tree = root.addChildren([
  signIn,
  signInByLink,
  join,
  signedIn.addChildren([home, annotating, frame.addChildren([start, inbox, you, tasks, inProject])]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: Loading,
  defaultPendingMs: 300,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
