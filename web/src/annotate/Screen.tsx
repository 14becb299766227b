import { Tabs } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { memo, useEffect, useState } from "react";
import { useMe, works } from "../api/session";
import type { Engine } from "../canvas/engine";
import { bounds } from "../canvas/shapes";
import { Loading } from "../parts/Loading";
import { NotFound } from "../parts/NotFound";
import { Changes } from "../review/Changes";
import { Returning } from "../review/Returning";
import { annotate as words } from "../words/annotate";
import { Canvas } from "./Canvas";
import { Comments, pinned } from "./Comments";
import { Desk } from "./desk";
import { handlers, showDifferences, type Dialogue, type Tab } from "./doing";
import { Foot } from "./Foot";
import { Guide } from "./Guide";
import { keys, listenToKeys } from "./keyboard";
import { KeySheet } from "./KeySheet";
import { Labels, Palette } from "./Labels";
import { Message } from "./Message";
import { Notices } from "./Notices";
import type { Outbox } from "./outbox/outbox";
import { outboxOf } from "./outbox/shared";
import { Questions } from "./Questions";
import { kindsOf } from "./questions";
import classes from "./Screen.module.css";
import { Shapes } from "./Shapes";
import type { Sheet } from "./sheet";
import { Skipping } from "./Skipping";
import { Tools } from "./Tools";
import { TopBar } from "./TopBar";
import { useSignal } from "./useSignal";
import { cardsQuery } from "./cards";

/** The address `/tasks/{template}/{task}`: finds the template's project and opens the outbox, then shows the desk. */
export function Screen() {
  const { template, task } = useParams({ from: "/signed-in/tasks/$template/$task" });
  const me = useMe();
  const places = me.projects.filter((place) => works(place.role));
  const found = useQueries({ queries: places.map((place) => cardsQuery(place.id)) });
  const { data: outbox } = useQuery({
    queryKey: ["outbox", me.person.id],
    queryFn: () => outboxOf(me.person.id),
    staleTime: Infinity,
    gcTime: Infinity,
    structuralSharing: false,
  });
  const at = found.findIndex((one) => one.data?.some((card) => card.template === Number(template)));
  const place = places[at];
  if (!place || !outbox) return found.some((one) => one.isPending) || !outbox ? <Loading /> : <NotFound />;
  return (
    <AtDesk
      key={`${place.id} ${template}`}
      project={place.id}
      template={Number(template)}
      task={Number(task)}
      me={me.person.id}
      outbox={outbox}
    />
  );
}

interface AtDeskProps {
  project: number;
  template: number;
  task: number;
  me: number;
  outbox: Outbox;
}

const AtDesk = memo(function AtDesk({ project, template, task, me, outbox }: AtDeskProps) {
  const navigate = useNavigate();
  const [desk] = useState(
    () =>
      new Desk(project, template, me, outbox, (id) => {
        void navigate({ to: "/tasks/$template/$task", params: { template: String(template), task: String(id) } });
      }),
  );
  useEffect(() => desk.begin(), [desk]);
  useEffect(() => void desk.open(task), [desk, task]);
  return <Layout desk={desk} />;
});

/** Nothing covers the image; nothing moves it but its user. */
const Layout = memo(function Layout({ desk }: { desk: Desk }) {
  const sheet = useSignal(desk.sheet);
  const [engine, setEngine] = useState<Engine | null>(null);
  const [dialogue, setDialogue] = useState<Dialogue>(null);
  const [tab, setTab] = useState<Tab | null>(null);
  const guided = useGuided(desk.template, sheet);
  const [settings, setSettings] = useState(false);
  useKeys(desk, engine, sheet, setDialogue, setTab, () => setSettings((old) => !old));
  useActivity(desk);
  usePins(engine, sheet);
  useShown(engine, sheet);
  return (
    <div className={classes["screen"]}>
      <GammaFilter desk={desk} />
      <TopBar desk={desk} sheet={sheet} />
      {sheet ? <Tools desk={desk} sheet={sheet} /> : <div className={classes["tools"]} />}
      <main className={classes["stage"]}>
        <Canvas desk={desk} engine={engine} onEngine={setEngine} />
        <Instead desk={desk} />
      </main>
      <aside className={classes["panels"]} aria-label={words.desk.panels}>
        <Notices desk={desk} sheet={sheet} />
        {sheet && <Panels desk={desk} sheet={sheet} engine={engine} tab={tab ?? guided} setTab={setTab} />}
      </aside>
      {engine ? (
        <Foot desk={desk} engine={engine} settings={settings} openSettings={setSettings} />
      ) : (
        <footer className={classes["foot"]} />
      )}
      {dialogue === "keys" && <KeySheet close={() => setDialogue(null)} />}
      {dialogue === "skip" && <Skipping close={() => setDialogue(null)} skip={(reason) => desk.skip(reason)} />}
      {dialogue === "return" && sheet && (
        <Returning sheet={sheet} close={() => setDialogue(null)} sendBack={(notes) => desk.sendBack(notes)} />
      )}
      {dialogue === "palette" && sheet && (
        <Palette
          labels={desk.labels(sheet).filter((label) => kindsOf([label]).length > 0)}
          pick={(label) => desk.pickLabel(label)}
          close={() => setDialogue(null)}
        />
      )}
    </div>
  );
});

/** What there is to say while no image is shown. */
function Instead({ desk }: { desk: Desk }) {
  const state = useSignal(desk.state);
  const picture = useSignal(desk.picture);
  if (state.at === "opening") return <p className={classes["opening"]}>{words.desk.opening}</p>;
  if (state.at !== "open") return <Message desk={desk} state={state} />;
  return picture ? null : <p className={classes["opening"]}>{words.desk.openingImage}</p>;
}

interface PanelsProps {
  desk: Desk;
  sheet: Sheet;
  engine: Engine | null;
  tab: Tab;
  setTab: (tab: Tab) => void;
}

const Panels = memo(function Panels({ desk, sheet, engine, tab, setTab }: PanelsProps) {
  const said = useSignal(sheet.notes).length + useSignal(sheet.remarks).length;
  const { before, annotations, attempt } = sheet.work;
  const hasBefore =
    attempt.role === "review" ||
    Object.values(before).some((one) => one !== null) ||
    annotations.some((one) => !(one.id in before));
  return (
    <>
      <Labels desk={desk} sheet={sheet} />
      <Tabs
        value={tab === "changes" && !hasBefore ? "shapes" : tab}
        onChange={(to) => setTab((to ?? "shapes") as Tab)}
        className={classes["tabs"] ?? ""}
        keepMounted={false}
      >
        <Tabs.List grow className={classes["heads"] ?? ""}>
          <Tabs.Tab value="shapes">{words.shapes.title}</Tabs.Tab>
          {hasBefore && <Tabs.Tab value="changes">{words.review.title}</Tabs.Tab>}
          <Tabs.Tab value="guide">{words.guide.title}</Tabs.Tab>
          <Tabs.Tab value="comments">
            {words.comments.title}
            {said > 0 && ` ${said}`}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="shapes" className={classes["tab"] ?? ""}>
          <Shapes desk={desk} sheet={sheet} engine={engine} />
        </Tabs.Panel>
        {hasBefore && (
          <Tabs.Panel value="changes" className={classes["tab"] ?? ""}>
            <Changes sheet={sheet} engine={engine} />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="guide" className={classes["tab"] ?? ""}>
          <div className={classes["scroll"]} tabIndex={0}>
            <Guide text={sheet.settings.guide ?? ""} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="comments" className={classes["tab"] ?? ""}>
          <Comments key={sheet.work.task.id} desk={desk} sheet={sheet} engine={engine} />
        </Tabs.Panel>
      </Tabs>
      <Questions desk={desk} sheet={sheet} />
    </>
  );
});

const GUIDE_SEEN = "penstock.guide.";

/** What is open at first: the guide the first time only, if there is one; of a review its changes. */
function useGuided(template: number, sheet: Sheet | null): Tab {
  const [seen] = useState(() => kept((storage) => storage.getItem(GUIDE_SEEN + template)) !== null);
  const isGuided = Boolean(sheet?.settings.guide);
  useEffect(() => {
    if (isGuided) kept((storage) => storage.setItem(GUIDE_SEEN + template, "seen"));
  }, [isGuided, template]);
  if (isGuided && !seen) return "guide";
  return sheet?.work.attempt.role === "review" ? "changes" : "shapes";
}

/** Something of the browser's storage, where it lets us. */
function kept<T>(ask: (storage: Storage) => T): T | null {
  try {
    return ask(localStorage);
  } catch {
    return null;
  }
}

function useKeys(
  desk: Desk,
  engine: Engine | null,
  sheet: Sheet | null,
  open: (dialogue: Dialogue) => void,
  tab: (tab: Tab) => void,
  imageSettings: () => void,
): void {
  useEffect(() => listenToKeys(), []);
  useEffect(() => {
    if (!engine || !sheet) return undefined;
    return keys.on(handlers({ desk, engine, sheet, open, tab, imageSettings }));
  });
}

/** Any sign of life counts as time at work; a page that nobody sees does not. */
function useActivity(desk: Desk): void {
  useEffect(() => {
    const ends = new AbortController();
    const options = { signal: ends.signal, capture: true, passive: true };
    for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) {
      window.addEventListener(kind, () => desk.presence.activity.sign(), options);
    }
    const look = (): void => {
      if (document.visibilityState === "hidden") desk.presence.activity.rest();
    };
    document.addEventListener("visibilitychange", look, options);
    return () => ends.abort();
  }, [desk]);
}

/** Pins of comments on the image, and the overlay of changes while it is switched on. */
function usePins(engine: Engine | null, sheet: Sheet | null): void {
  useEffect(() => {
    if (!engine || !sheet) return undefined;
    const pin = (): void => {
      engine.pin(
        pinned(sheet).map(({ annotation }) => {
          const of = sheet.document.get(annotation)!;
          return bounds(of.kind, of.geometry);
        }),
      );
      const { differences, removed } = sheet.scene;
      if (differences.get().size || removed.get().length) showDifferences(sheet, true);
    };
    if (sheet.work.attempt.role === "review") showDifferences(sheet, true);
    pin();
    const stops = [sheet.notes.subscribe(pin), sheet.document.state.subscribe(pin)];
    return () => stops.forEach((stop) => stop());
  }, [engine, sheet]);
}

/** The shape that the address names is selected and brought onto the screen, once. */
function useShown(engine: Engine | null, sheet: Sheet | null): void {
  const shape = useLocation({ select: (at) => at.hash });
  const navigate = useNavigate();
  useEffect(() => {
    if (!engine || !sheet || !shape) return;
    const of = sheet.document.get(shape);
    if (of) {
      sheet.scene.select(of.id);
      engine.reveal(of);
    }
    void navigate({ to: ".", hash: "", replace: true });
  }, [engine, sheet, shape, navigate]);
}

/** CSS has no gamma of its own. */
function GammaFilter({ desk }: { desk: Desk }) {
  const { gamma } = useSignal(desk.prefs);
  return (
    <svg className={classes["hidden"]} aria-hidden>
      <filter id="gamma" colorInterpolationFilters="sRGB">
        <feComponentTransfer>
          <feFuncR type="gamma" exponent={1 / gamma} />
          <feFuncG type="gamma" exponent={1 / gamma} />
          <feFuncB type="gamma" exponent={1 / gamma} />
        </feComponentTransfer>
      </filter>
    </svg>
  );
}
