import { Stack, Table, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useHere } from "../../api/here";
import { named, templatesQuery } from "../../api/lists";
import { Chart, type Colours } from "../../parts/Chart";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { count } from "../../words";
import { reports as words } from "../../words/reports";
import { throughputChart, timesChart } from "./charts";
import { Filters } from "./Filters";
import { csvPath, peopleQuery, type PersonWork, throughputQuery, timesQuery, type TimeSpent } from "./queries";
import type { ReportProps } from "./Reports";

/** What was done by whom, how fast, and how often it came back. */
export function People({ chosen, choose }: ReportProps) {
  const { project } = useHere();
  const { scope, per } = chosen;
  const people = useQuery({ ...peopleQuery(project, scope), placeholderData: keepPreviousData });
  const throughput = useQuery({ ...throughputQuery(project, scope, per), placeholderData: keepPreviousData });
  const times = useQuery({ ...timesQuery(project, scope), placeholderData: keepPreviousData });
  const rows = useMemo(() => throughput.data ?? [], [throughput.data]);
  const drawn = useCallback((colours: Colours) => throughputChart(rows, scope, per, colours), [rows, scope, per]);
  return (
    <>
      <Filters chosen={chosen} choose={choose} csv={csvPath(project, "people", { ...scope })} withPer />
      <Fault error={people.error ?? throughput.error ?? times.error} />
      {people.isPending && <Loading />}
      {people.data?.length === 0 && <Empty title={words.none}>{words.noneWhy}</Empty>}
      {people.data !== undefined && people.data.length > 0 && (
        <Stack gap="xl">
          <section>
            <Title order={2}>{words.throughput}</Title>
            <Text size="sm" c="dimmed" mb="sm">
              {words.throughputWhy}
            </Text>
            {rows.some((row) => row.done > 0) && <Chart label={words.chart(words.throughput)} option={drawn} />}
          </section>
          {times.data?.[0] !== undefined && <Times spent={times.data[0]} />}
          <section>
            <Title order={2} mb="sm">
              {words.people}
            </Title>
            <Who rows={people.data} />
          </section>
        </Stack>
      )}
    </>
  );
}

function Times({ spent }: { spent: TimeSpent }) {
  const drawn = useCallback((colours: Colours) => timesChart(spent, colours), [spent]);
  return (
    <section>
      <Title order={2}>{words.times}</Title>
      <Text size="sm" c="dimmed" mb="sm">
        {words.timesWhy} {words.median}: {words.seconds(spent.median)}.
      </Text>
      <Chart label={words.chart(words.times)} option={drawn} height={200} />
    </section>
  );
}

function Who({ rows }: { rows: readonly PersonWork[] }) {
  const { project } = useHere();
  const { data: templates } = useQuery(templatesQuery(project));
  const names = named(templates);
  return (
    <Table.ScrollContainer minWidth={960}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.person}</Table.Th>
            <Table.Th>{words.template}</Table.Th>
            {[
              words.submitted,
              words.done,
              words.accepted,
              words.mended,
              words.returned,
              words.returnRate,
              words.skipped,
              words.reviewed,
              words.annotations,
              words.median,
              words.hours,
            ].map((name) => (
              <Table.Th key={name} ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.person} ${row.template}`}>
              <Table.Td>
                <bdi>{row.name}</bdi>
              </Table.Td>
              <Table.Td>
                <bdi>{names.get(row.template)}</bdi>
              </Table.Td>
              {[
                count(row.submitted),
                count(row.done),
                count(row.accepted),
                count(row.mended),
                count(row.returned),
                words.percent(row.return_rate),
                count(row.skipped),
                count(row.reviewed + row.sent_back),
                count(row.added + row.changed),
                row.median_seconds == null ? "" : words.seconds(row.median_seconds),
                ((row.active_seconds + row.review_seconds) / 3600).toFixed(1),
              ].map((cell, at) => (
                <Table.Td key={at} ta="right">
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
