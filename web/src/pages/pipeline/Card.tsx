import { Progress } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Images, TriangleAlert, UsersRound, Zap } from "lucide-react";
import { State } from "../../parts/State";
import { moment, words } from "../../words";
import classes from "./Pipeline.module.css";
import type { ActionStatus, TemplateStatus, Thing, Trouble } from "./graph";

interface CardProps {
  project: number;
  thing: Thing;
  onTemplate: (template: TemplateStatus) => void;
  /** A draft takes it away. */
  isRemoved?: boolean | undefined;
}

/** One node: what it is, how it is, and the way into it. */
export function Card({ project, thing, onTemplate, isRemoved = false }: CardProps) {
  const { kind, value } = thing;
  if (value.id < 0 || isRemoved) {
    return (
      <div className={classes["card"]} data-kind={kind} data-ghost={!isRemoved} data-removed={isRemoved}>
        <Head kind={kind} name={value.name} troubles={[]} />
        <span className={classes["line"]}>{isRemoved ? words.building.removed : words.building.notApplied}</span>
      </div>
    );
  }
  if (kind === "dataset") {
    return (
      <Link className={classes["card"]} to="/p/$project/data/$dataset" params={{ project, dataset: value.id }}>
        <Head kind={kind} name={value.name} troubles={value.trouble ?? []} />
        <span className={classes["line"]}>{words.pipeline.files(value.files)}</span>
        {(value.today ?? 0) > 0 && <span className={classes["line"]}>{words.pipeline.today(value.today ?? 0)}</span>}
      </Link>
    );
  }
  if (kind === "action") {
    return (
      <Link
        className={classes["card"]}
        data-kind="action"
        to="/p/$project/actions/$action"
        params={{ project, action: value.id }}
      >
        <Head kind={kind} name={value.name} troubles={value.trouble ?? []} />
        <span className={classes["line"]}>
          <LastRun action={value} />
        </span>
        <span className={classes["line"]}>
          <bdi title={value.when}>{value.next_at ? words.pipeline.next(moment(value.next_at)) : value.when}</bdi>
        </span>
      </Link>
    );
  }
  return (
    <button type="button" className={classes["card"]} data-kind="template" onClick={() => onTemplate(value)}>
      <Head kind={kind} name={value.name} troubles={value.trouble ?? []} />
      <Bar template={value} />
      <span className={classes["line"]} title={sentence(value)}>
        {brief(value)}
      </span>
      <span className={classes["line"]}>{movement(value)}</span>
    </button>
  );
}

const ICONS = { dataset: Images, template: UsersRound, action: Zap };

interface HeadProps {
  kind: Thing["kind"];
  name: string;
  troubles: readonly Trouble[];
}

function Head({ kind, name, troubles }: HeadProps) {
  const Icon = ICONS[kind];
  return (
    <span className={classes["name"]}>
      <Icon size={16} aria-hidden />
      <span className="sr">{words.pipeline.kinds[kind]} </span>
      <bdi title={name}>{name}</bdi>
      {troubles[0] !== undefined && (
        <TriangleAlert
          size={16}
          className={classes["stuck"]}
          role="img"
          aria-label={words.pipeline.attention}
          data-tone={/failed|off/.test(troubles[0].cause) ? "fail" : "warn"}
        >
          <title>{troubles[0].detail}</title>
        </TriangleAlert>
      )}
    </span>
  );
}

export function LastRun({ action }: { action: ActionStatus }) {
  if (action.state === "off") return <State state="off" word={words.pipeline.off} />;
  const run = action.last_run;
  if (run == null) return <State state="pending" word={words.pipeline.neverRan} />;
  return <State state={run.state} word={words.pipeline.lastRun(words.runs.states[run.state]?.toLowerCase() ?? "")} />;
}

export function Bar({ template }: { template: TemplateStatus }) {
  const { done, total } = template.progress;
  const share = total === 0 ? 0 : (100 * done) / total;
  return (
    <Progress.Root size={6} my={3}>
      <Progress.Section
        value={share}
        color={done === total && total > 0 ? "var(--ok)" : "var(--accent)"}
        aria-label={words.pipeline.done(done, total)}
      />
    </Progress.Root>
  );
}

/** How a template is, in a line. */
export function sentence(template: TemplateStatus): string {
  const { done, total, counts } = template.progress;
  if (template.state === "paused") return `${words.pipeline.paused}, ${words.pipeline.done(done, total)}`;
  if (total === 0) return words.pipeline.noTasks;
  const told = [words.pipeline.done(done, total)];
  const inWork = counts["in_progress"] ?? 0;
  const inReview = counts["in_review"] ?? 0;
  if (inWork > 0) told.push(words.pipeline.inWork(inWork));
  if (inReview > 0) told.push(words.pipeline.inReview(inReview));
  return told.join(", ");
}

/** The same as short as a node is wide: of what is under way, what waits for a reviewer tells more. */
function brief(template: TemplateStatus): string {
  const { done, total, counts } = template.progress;
  const inReview = counts["in_review"] ?? 0;
  if (template.state === "paused" || total === 0 || inReview === 0) return sentence(template).split(", ", 2).join(", ");
  return `${words.pipeline.done(done, total)}, ${words.pipeline.inReview(inReview)}`;
}

/** Who is at it and how fast it goes, in a line; empty when nothing moves. */
export function movement({ people = 0, pace }: TemplateStatus): string {
  const told: string[] = [];
  if (people > 0) told.push(words.pipeline.people(people));
  if (people > 0 && (pace?.per_hour ?? 0) > 0) told.push(words.pipeline.shortRate(pace?.per_hour ?? 0));
  if (pace?.eta_seconds != null) told.push(words.pipeline.left(pace.eta_seconds));
  return told.join(", ");
}
