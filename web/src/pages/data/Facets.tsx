import { Button, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Ban } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Schemas } from "../../api/client";
import { labelColour, type Schema, useSchema } from "../../api/labels";
import { Fault } from "../../parts/Fault";
import { count, words } from "../../words";
import classes from "./Facets.module.css";
import { facetsQuery, type Of } from "./queries";
import { holds, toggled, without } from "./refine";

type Facet = Schemas["Facet"];
type Counted = Schemas["Facets"];

const SHOWN = 8;

interface FacetsProps {
  project: number;
  of: Of;
  q: string;
  onAsk: (query: string) => void;
}

/** What is among the files found, counted. A click on a value asks for those files alone; another click takes it back. */
export function Facets({ project, of, q, onAsk }: FacetsProps) {
  const { data, error, isPlaceholderData, isPending } = useQuery(facetsQuery(project, of, q));
  const { data: schema } = useSchema(project);
  return (
    <aside className={classes["panel"]} aria-label={words.facets.label} aria-busy={isPending || isPlaceholderData}>
      <Fault error={error} />
      {isPending && (
        <Stack gap="sm" role="status" aria-label={words.actions.loading}>
          {[120, 200, 160, 180, 140].map((width) => (
            <Skeleton key={width} height={20} width={width} />
          ))}
        </Stack>
      )}
      {data !== undefined && error === null && (
        <div data-stale={isPlaceholderData || undefined} className={classes["counted"]}>
          <Sections facets={data} schema={schema} q={q} onAsk={onAsk} />
        </div>
      )}
    </aside>
  );
}

interface SectionsProps {
  facets: Counted;
  schema: Schema | undefined;
  q: string;
  onAsk: (query: string) => void;
}

function Sections({ facets, schema, q, onAsk }: SectionsProps) {
  if (facets.files === 0) {
    return (
      <>
        <Title order={2} mb="xs">
          {words.facets.nothing}
        </Title>
        <Text c="dimmed">{words.facets.nothingWhy}</Text>
      </>
    );
  }
  const rest = { of: facets.files, q, onAsk };
  const swatch = (value: unknown) => {
    const label = schema?.labels?.find((one) => one.name === value);
    return label && <span className={classes["swatch"]} style={{ background: labelColour(schema, label.id) }} />;
  };
  const described =
    facets.described < facets.files && facets.metadata.length > 0
      ? words.facets.described(facets.described)
      : undefined;
  return (
    <>
      <Section title={words.facets.labels} values={facets.labels} before={swatch} {...rest} />
      {facets.attributes.map((one) => (
        <Section key={one.name} title={one.name} values={one.values} distinct={one.distinct} {...rest} />
      ))}
      {facets.tasks.map((one) => (
        <Section key={one.name} title={`${words.facets.tasks}: ${one.name}`} values={one.values} {...rest} />
      ))}
      {facets.metadata.map((one) => (
        <Section
          key={one.name}
          title={`meta.${one.name}`}
          note={described}
          values={one.values}
          distinct={one.distinct}
          {...rest}
        />
      ))}
      <Section title={words.facets.sources} values={facets.sources} {...rest} />
      <Section title={words.facets.people} values={facets.people} {...rest} />
      <Confidence bars={facets.confidence} q={q} onAsk={onAsk} />
      {facets.states.length > 1 && <Section title={words.facets.states} values={facets.states} {...rest} />}
      <Section
        title={words.facets.added}
        values={facets.added.map((one) => ({ value: one.day, files: one.files, query: one.query }))}
        {...rest}
      />
    </>
  );
}

interface SectionProps {
  title: string;
  note?: string | undefined;
  values: readonly Facet[];
  /** How many different values there are, where not all are listed. */
  distinct?: number;
  /** How many files were found: all the way is all of them. */
  of: number;
  q: string;
  onAsk: (query: string) => void;
  before?: (value: unknown) => ReactNode;
}

function Section({ title, note, values, distinct = values.length, of, q, onAsk, before }: SectionProps) {
  const [whole, setWhole] = useState(false);
  if (values.length === 0) return null;
  const shown = whole ? values : values.slice(0, SHOWN);
  return (
    <section className={classes["section"]}>
      <Title order={3}>
        <bdi>{title}</bdi>
      </Title>
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
      {shown.map((one) => (
        <Value key={one.query} of={of} facet={one} q={q} onAsk={onAsk} before={before?.(one.value)} />
      ))}
      {values.length > SHOWN && (
        <Button variant="subtle" size="compact-sm" onClick={() => setWhole(!whole)}>
          {whole ? words.facets.fewer : words.facets.all(values.length)}
        </Button>
      )}
      {distinct > values.length && (
        <Text size="xs" c="dimmed">
          {words.facets.more(distinct - values.length)}
        </Text>
      )}
    </section>
  );
}

interface ValueProps {
  facet: Facet;
  of: number;
  q: string;
  onAsk: (query: string) => void;
  before?: ReactNode;
}

function Value({ facet, of, q, onAsk, before }: ValueProps) {
  const text = String(facet.value);
  const name = words.facets.values[text] ?? text;
  const isOn = holds(q, facet.query);
  return (
    <div className={classes["value"]} data-on={isOn || undefined}>
      <button
        type="button"
        className={classes["pick"]}
        aria-pressed={isOn}
        title={facet.annotations == null ? name : `${name}: ${words.facets.times(facet.annotations)}`}
        onClick={() => onAsk(toggled(q, facet.query))}
      >
        <span className={classes["bar"]} style={{ width: `${(100 * facet.files) / of}%` }} />
        {before}
        <bdi className={classes["name"]}>{name}</bdi>{" "}
        <span className={classes["count"]}>
          {count(facet.files)}
          <span className="sr"> {words.facets.files(facet.files)}</span>
        </span>
      </button>
      <button
        type="button"
        className={classes["without"]}
        aria-label={words.facets.without(name)}
        title={words.facets.without(name)}
        onClick={() => onAsk(without(q, facet.query))}
      >
        <Ban size={12} aria-hidden />
      </button>
    </div>
  );
}

function Confidence({ bars, q, onAsk }: { bars: Counted["confidence"]; q: string; onAsk: (query: string) => void }) {
  if (bars.length === 0) return null;
  const most = Math.max(...bars.map((bar) => bar.files));
  return (
    <section className={classes["section"]}>
      <Title order={3}>{words.facets.confidence}</Title>
      <div className={classes["bars"]}>
        {bars.map((bar) => (
          <button
            key={bar.low}
            type="button"
            aria-label={words.facets.tenth(bar.low, bar.high, bar.files)}
            title={words.facets.tenth(bar.low, bar.high, bar.files)}
            aria-pressed={holds(q, bar.query)}
            disabled={bar.files === 0}
            onClick={() => onAsk(toggled(q, bar.query))}
          >
            <span style={{ height: `${(100 * bar.files) / most}%` }} />
          </button>
        ))}
      </div>
      <div className={classes["scale"]} aria-hidden>
        <span>0</span>
        <span>0.5</span>
        <span>1</span>
      </div>
    </section>
  );
}
