import { Group, Select, Stack, Table, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useHere } from "../../api/here";
import { datasetsQuery, offered } from "../../api/lists";
import { Chart, type Colours } from "../../parts/Chart";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { count } from "../../words";
import { reports as words } from "../../words/reports";
import { heightOf, labelsChart } from "./charts";
import { Csv } from "./Filters";
import { csvPath, labelsQuery } from "./queries";

/** How often each label is there now. */
export function Labels() {
  const { project } = useHere();
  const { data: datasets } = useQuery(datasetsQuery(project));
  const [dataset, setDataset] = useState<number | undefined>();
  const found = useQuery({ ...labelsQuery(project, dataset), placeholderData: keepPreviousData });
  const rows = useMemo(() => found.data ?? [], [found.data]);
  const drawn = useCallback((colours: Colours) => labelsChart(rows, colours), [rows]);
  const whole = rows.reduce((sum, row) => sum + row.annotations, 0);
  return (
    <>
      <Group align="flex-end" mb="lg">
        <Select
          label={words.dataset}
          w={240}
          clearable
          searchable
          placeholder={words.allFiles}
          data={offered(datasets?.filter((one) => one.archived_at == null))}
          value={dataset === undefined ? null : String(dataset)}
          onChange={(to) => setDataset(to === null ? undefined : Number(to))}
        />
        <Csv href={csvPath(project, "labels", { dataset })} />
      </Group>
      <Fault error={found.error} />
      {found.isPending && <Loading />}
      {found.isSuccess && whole === 0 && <Empty title={words.noLabels}>{words.noLabelsWhy}</Empty>}
      {whole > 0 && (
        <Stack gap="xl" maw={880}>
          <section>
            <Title order={2} mb="sm">
              {words.labels}
            </Title>
            <Chart label={words.chart(words.labels)} option={drawn} height={heightOf(rows.length)} />
          </section>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.label}</Table.Th>
                <Table.Th ta="right">{words.annotations}</Table.Th>
                <Table.Th ta="right">{words.share}</Table.Th>
                <Table.Th ta="right">{words.files}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.label}>
                  <Table.Td>
                    <bdi>{row.name}</bdi>{" "}
                    {row.archived && (
                      <Text span c="dimmed">
                        {words.archived}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">{count(row.annotations)}</Table.Td>
                  <Table.Td ta="right">{words.percent(row.share)}</Table.Td>
                  <Table.Td ta="right">{count(row.files)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Stack>
      )}
    </>
  );
}
