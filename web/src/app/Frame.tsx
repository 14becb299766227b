import { spotlight } from "@mantine/spotlight";
import { Outlet, useLocation, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useMe } from "../api/session";
import { words } from "../words";
import classes from "./Frame.module.css";
import { Rail } from "./Rail";
import { lastProject, rememberPage } from "./start";

const Jump = lazy(() => import("./Jump").then((module) => ({ default: module.Jump })));

const FOLDED = "penstock.folded";

/** The rail, the page, and Ctrl K over both. */
export function Frame() {
  const { project } = useParams({ strict: false });
  const { href } = useLocation();
  const last = lastProject(useMe());
  const [folded, setFolded] = useState(() => kept(FOLDED) === "yes" || window.innerWidth < 900);
  useEffect(() => rememberPage(href), [href]);
  useEffect(() => {
    window.addEventListener("keydown", jump);
    return () => window.removeEventListener("keydown", jump);
  }, []);
  const fold = (to: boolean) => {
    setFolded(to);
    keep(FOLDED, to ? "yes" : "no");
  };
  return (
    <div className={classes["frame"]} data-folded={folded || undefined}>
      <a href="#page" className={classes["skip"]}>
        {words.rail.skip}
      </a>
      <Rail project={project ?? last} folded={folded} fold={fold} />
      <main id="page" className={classes["page"]} tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        <Jump project={project} />
      </Suspense>
    </div>
  );
}

/** Heard from the first moment, also while what it opens is on its way. */
function jump(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  spotlight.toggle();
}

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser that keeps nothing
  }
}
