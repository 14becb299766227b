import { Anchor, Button, Stack, Tabs, Text, Timeline, UnstyledButton } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { labelColour, useSchema } from "../../api/labels";
import { membersQuery } from "../../api/lists";
import { Facts } from "../../parts/Facts";
import { Json } from "../../parts/Json";
import { Overlay } from "../../parts/Overlay";
import { Page } from "../../parts/Page";
import { moment, size, words } from "../../words";
import classes from "./Data.module.css";
import { listOf, Neighbours } from "./Neighbours";
import { annotationsQuery, datasetQuery, fileQuery, historyQuery, type Of, versionQuery } from "./queries";
import { changesOf, type Moment } from "./history";

const ROUTE = "/signed-in/frame/p/$project/files/$file";

/** A file: the picture with what is annotated on it, now or at any revision, and how it came to be so. */
export function File() {
  const { project, file } = useParams({ from: ROUTE });
  const among = useSearch({ from: ROUTE });
  const { at: asOf, branch, n } = among;
  const of = listOf(among);
  const navigate = useNavigate();
  const { data: facts } = useSuspenseQuery(fileQuery(project, file));
  const { data: schema } = useSchema(project);
  const { data: history } = useSuspenseQuery(historyQuery(project, file, branch));
  const [looked, setLit] = useState<string | undefined>();
  const { data: annotations = [] } = useQuery(annotationsQuery(project, file, asOf, branch));
  // Another file's annotation was looked at before one went on to this one.
  const lit = annotations.some((one) => one.id === looked) ? looked : undefined;
  const show = (at: number | undefined) =>
    void navigate({
      to: "/p/$project/files/$file",
      params: { project, file },
      search: { ...among, at },
      replace: true,
    });
  const name = ({ label, kind }: { label?: number | null | undefined; kind: string }) =>
    schema?.labels?.find((one) => one.id === label)?.name ??
    (kind === "tag" ? words.compare.whole : words.file.noLabel);
  const shapes = annotations.map((one) => ({
    id: one.id,
    kind: one.kind,
    geometry: one.geometry,
    color: labelColour(schema, one.label),
  }));
  return (
    <Page
      title={
        <>
          {of !== undefined && <Back project={project} of={of} q={among.q} />}
          <bdi>{facts.key}</bdi>
        </>
      }
      name={facts.key}
      fill
      actions={
        <>
          {asOf !== undefined && (
            <>
              <Text c="dimmed">{words.data.asOf(words.file.atRevision(asOf))}</Text>
              <Button variant="default" onClick={() => show(undefined)}>
                {words.file.asNow}
              </Button>
            </>
          )}
          {of !== undefined && n !== undefined && <Neighbours project={project} of={of} among={{ ...among, n }} />}
        </>
      }
    >
      <div className={classes["fileBody"]}>
        <div className={classes["stage"]}>
          {facts.state === "ready" && (
            <div>
              <img src={`/api/v1/projects/${project}/files/${file}/content`} alt={facts.key} />
              {facts.width != null && facts.height != null && (
                <Overlay width={facts.width} height={facts.height} shapes={shapes} lit={lit} />
              )}
            </div>
          )}
          {facts.state !== "ready" && (
            <Text p="xl" c="#c9ced6">
              {facts.state === "failed" ? words.data.failed : words.data.processing}. {facts.reason}
            </Text>
          )}
        </div>
        <aside className={classes["side"]}>
          <Tabs defaultValue="annotations" keepMounted={false}>
            <Tabs.List mb="md">
              <Tabs.Tab value="annotations">{words.file.annotations(annotations.length)}</Tabs.Tab>
              <Tabs.Tab value="history">{words.file.history}</Tabs.Tab>
              <Tabs.Tab value="facts">{words.file.facts}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="annotations">
              {annotations.length === 0 && <Text c="dimmed">{words.file.noAnnotations}</Text>}
              {annotations.map((one) => (
                <UnstyledButton
                  key={one.id}
                  className={classes["shape"]}
                  data-lit={one.id === lit || undefined}
                  onMouseEnter={() => setLit(one.id)}
                  onMouseLeave={() => setLit(undefined)}
                  onFocus={() => setLit(one.id)}
                  onBlur={() => setLit(undefined)}
                >
                  <span className={classes["swatch"]} style={{ background: labelColour(schema, one.label) }} />
                  <bdi className={classes["grow"]}>{name(one)}</bdi>
                  <Text size="sm" c="dimmed">
                    {one.kind}
                    {one.confidence !== null && ` ${words.file.confidence(one.confidence)}`}
                  </Text>
                </UnstyledButton>
              ))}
            </Tabs.Panel>
            <Tabs.Panel value="history">
              <History project={project} moments={changesOf(history)} asOf={asOf} onPick={show} />
            </Tabs.Panel>
            <Tabs.Panel value="facts">
              <Stack>
                <Facts
                  of={{
                    [words.file.key]: facts.key,
                    [words.file.kind]: facts.mime,
                    [words.file.pixels]: facts.width == null ? "" : `${facts.width} × ${facts.height ?? ""}`,
                    [words.file.size]: size(facts.bytes),
                    [words.file.state]: facts.state,
                  }}
                />
                {Object.keys(facts.meta).length > 0 && <Json value={facts.meta} />}
                <Anchor href={`/api/v1/projects/${project}/files/${file}/content`} target="_blank">
                  {words.file.original}
                </Anchor>
              </Stack>
            </Tabs.Panel>
          </Tabs>
        </aside>
      </div>
    </Page>
  );
}

/** To the files it was opened from. */
function Back({ project, of, q }: { project: number; of: Of; q: string | undefined }) {
  const { data: version } = useQuery({
    ...versionQuery(project, "version" in of ? of.version : 0),
    enabled: "version" in of,
  });
  const dataset = "dataset" in of ? of.dataset : version?.dataset;
  const { data: found } = useQuery({ ...datasetQuery(project, dataset ?? 0), enabled: dataset !== undefined });
  if (found === undefined) return null;
  const search = q === undefined ? {} : { q };
  return (
    <>
      <Anchor
        inherit
        renderRoot={(props) =>
          "version" in of ? (
            <Link
              {...props}
              to="/p/$project/versions/$version"
              params={{ project, version: of.version }}
              search={search}
            />
          ) : (
            <Link {...props} to="/p/$project/data/$dataset" params={{ project, dataset: of.dataset }} search={search} />
          )
        }
      >
        <bdi>{version === undefined ? found.name : `${found.name} / ${version.name}`}</bdi>
      </Anchor>
      {" / "}
    </>
  );
}

interface HistoryProps {
  project: number;
  moments: readonly Moment[];
  asOf: number | undefined;
  onPick: (asOf: number | undefined) => void;
}

function History({ project, moments, asOf, onPick }: HistoryProps) {
  const { data: members } = useQuery(membersQuery(project));
  if (moments.length === 0) return <Text c="dimmed">{words.file.noHistory}</Text>;
  const nameOf = (person: number | null) => members?.find((one) => one.person === person)?.name ?? [];
  const whose = ({ by, authors, source }: Moment): string => {
    const names = (authors.length > 0 ? authors : [by]).flatMap(nameOf);
    const bringer = authors.length > 0 && by !== null && !authors.includes(by) ? [nameOf(by)].flat() : [];
    const how = names.length === 0 || source !== "person" ? [words.file.sources[source] ?? source] : [];
    return [...names, ...how, ...bringer.map(words.file.broughtIn)].join(", ");
  };
  const active = asOf === undefined ? moments.length : moments.findLastIndex((one) => one.seq <= asOf);
  return (
    <Timeline active={active} bulletSize={16} lineWidth={2}>
      {moments.map((one) => (
        <Timeline.Item key={one.seq}>
          <UnstyledButton onClick={() => onPick(one.seq)} aria-pressed={one.seq === asOf}>
            <Text fw={one.seq === asOf ? 600 : 400}>
              {[
                one.created > 0 ? `${one.created} ${words.file.created}` : "",
                one.changed > 0 ? `${one.changed} ${words.file.changed}` : "",
                one.removed > 0 ? `${one.removed} ${words.file.removed}` : "",
              ]
                .filter(Boolean)
                .join(", ")}
            </Text>
            <Text size="sm" c="dimmed">
              {[moment(one.at), whose(one), words.file.atRevision(one.seq)].filter(Boolean).join(", ")}
            </Text>
          </UnstyledButton>
        </Timeline.Item>
      ))}
      <Timeline.Item>
        <UnstyledButton onClick={() => onPick(undefined)} aria-pressed={asOf === undefined}>
          <Text fw={asOf === undefined ? 600 : 400}>{words.file.asNow}</Text>
        </UnstyledButton>
      </Timeline.Item>
    </Timeline>
  );
}
