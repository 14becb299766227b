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

const pipeline = createRoute({
  getParentRoute: () => project,
  path: "/pipeline",
  component: lazyRouteComponent(() => import("../pages/pipeline/Pipeline"), "Pipeline"),
});

const tree = root.addChildren([
  signIn,
  signInByLink,
  join,
  signedIn.addChildren([home, frame.addChildren([start, project.addChildren([pipeline])])]),
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
