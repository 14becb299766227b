/** Which address shows what. Pages are loaded when they are first wanted. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { queries } from "../api/queries";
import { Refused } from "../api/problem";
import { meQuery } from "../api/session";
import { Broken } from "../parts/Broken";
import { Loading } from "../parts/Loading";
import { NotFound } from "../parts/NotFound";
import { Frame } from "./Frame";
import { Join } from "./Join";
import { SignIn } from "./SignIn";
import { startPage } from "./start";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): { to?: string } => (typeof search["to"] === "string" ? { to: search["to"] } : {}),
  component: SignIn,
});
const signInByLink = createRoute({ getParentRoute: () => root, path: "/sign-in/$link", component: SignIn });
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
  component: Outlet,
});

const id = <Name extends string>(name: Name) => ({
  parse: (given: Record<Name, string>) => ({ [name]: Number(given[name]) }) as Record<Name, number>,
  stringify: (given: Record<Name, number>) => ({ [name]: String(given[name]) }) as Record<Name, string>,
});
const whole = (value: unknown): number | undefined => (Number.isInteger(value) ? (value as number) : undefined);

const pipeline = createRoute({
  getParentRoute: () => project,
  path: "/pipeline",
  validateSearch: (search): { view?: "list" } => (search["view"] === "list" ? { view: "list" } : {}),
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
  component: lazyRouteComponent(() => import("../pages/data/Dataset"), "Dataset"),
});

const file = createRoute({
  getParentRoute: () => project,
  path: "/files/$file",
  params: id("file"),
  component: lazyRouteComponent(() => import("../pages/data/File"), "File"),
});

const version = createRoute({
  getParentRoute: () => project,
  path: "/versions/$version",
  params: id("version"),
  component: lazyRouteComponent(() => import("../pages/data/Version"), "Version"),
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

const inProject = project.addChildren([pipeline, importing, datasets, dataset, file, version, action, run, delivery]);

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
  signedIn.addChildren([home, annotating, frame.addChildren([start, tasks, inProject])]),
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
