import { ActionIcon, Group, Select, Tabs, Text } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import { edits, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { Page } from "../../parts/Page";
import { words } from "../../words";
import { datasetsQuery } from "../data/queries";
import classes from "./Compare.module.css";
import { ChangedAnnotations } from "./ChangedAnnotations";
import { ChangedFiles } from "./ChangedFiles";
import { Into } from "./Into";
import { diffQuery, versionsOfProjectQuery } from "./queries";
import { Summary } from "./Summary";

const ROUTE = "/signed-in/frame/p/$project/compare";

/** Two states of datasets beside each other: how much differs, where, and how it looks. */
export function Compare() {
  const { project } = useParams({ from: ROUTE });
  const { a, b } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const mayEdit = place !== undefined && edits(place.role);
  const { data: datasets } = useSuspenseQuery(datasetsQuery(project));
  const { data: versions } = useSuspenseQuery(versionsOfProjectQuery(project));
  const states = datasets.map((dataset) => ({
    group: dataset.name,
    items: [
      { value: `dataset:${dataset.id}`, label: words.compare.now(dataset.name) },
      ...versions
        .filter((version) => version.dataset === dataset.id)
        .map((version) => ({ value: `version:${version.id}`, label: `${dataset.name} / ${version.name}` })),
    ],
  }));
  const datasetOf = (state: string) => {
    const [kind, id] = state.split(/[:@]/);
    const dataset = kind === "version" ? versions.find((one) => String(one.id) === id)?.dataset : Number(id);
    return datasets.find((one) => one.id === dataset);
  };
  const go = (sides: { a?: string | undefined; b?: string | undefined }) =>
    void navigate({ to: "/p/$project/compare", params: { project }, search: sides });
  const side = (label: string, value: string | undefined, onPick: (to: string | undefined) => void) => (
    <Select
      className={classes["side"]}
      label={label}
      data={states}
      value={value ?? null}
      searchable
      allowDeselect={false}
      onChange={(to) => onPick(to ?? undefined)}
    />
  );
  return (
    <Page
      title={words.compare.title}
      fill
      actions={
        mayEdit && a !== undefined && b !== undefined && <Into {...{ project, a, b, datasets }} of={datasetOf(b)} />
      }
    >
      <div className={classes["sides"]}>
        {side(words.compare.from, a, (to) => go({ a: to, b }))}
        <ActionIcon
          variant="default"
          size={28}
          aria-label={words.compare.swap}
          disabled={a === undefined && b === undefined}
          onClick={() => go({ a: b, b: a })}
        >
          <ArrowLeftRight size={16} aria-hidden />
        </ActionIcon>
        {side(words.compare.to, b, (to) => go({ a, b: to }))}
      </div>
      {a === undefined || b === undefined ? (
        <Empty title={words.compare.pick} />
      ) : (
        <Difference project={project} a={a} b={b} />
      )}
    </Page>
  );
}

function Difference({ project, a, b }: { project: number; a: string; b: string }) {
  const { data: diff, error, isPending } = useQuery(diffQuery(project, a, b));
  if (error !== null) return <Fault error={error} />;
  if (isPending) return <Loading />;
  const { annotations, files } = diff;
  const differ = Object.values(annotations).some((n) => n > 0);
  const moved = Object.values(files).some((n) => n > 0);
  if (!differ && !moved && diff.schema_changes.length === 0) {
    return <Empty title={words.compare.same}>{words.compare.sameWhy}</Empty>;
  }
  // What is listed below belongs to these very counts, whatever happens meanwhile.
  const fixed = { project, a: diff.a, b: diff.b };
  return (
    <>
      <Summary diff={diff} />
      <Tabs
        key={`${diff.a} ${diff.b}`}
        defaultValue={differ || !moved ? "annotations" : "files"}
        keepMounted={false}
        className={classes["tabs"] ?? ""}
      >
        <Tabs.List px="xl">
          <Tabs.Tab value="annotations">{words.compare.annotations}</Tabs.Tab>
          <Tabs.Tab value="files">{words.compare.files}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="annotations" className={classes["panel"] ?? ""}>
          {differ ? <ChangedAnnotations {...fixed} /> : <Nothing said={words.compare.noAnnotations} />}
        </Tabs.Panel>
        <Tabs.Panel value="files" className={classes["panel"] ?? ""}>
          {moved ? <ChangedFiles {...fixed} /> : <Nothing said={words.compare.noFiles} />}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Nothing({ said }: { said: string }) {
  return (
    <Group p="xl">
      <Text c="dimmed">{said}</Text>
    </Group>
  );
}
