import { Progress, Table, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useHere } from "../../api/here";
import { named, templatesQuery } from "../../api/lists";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { count } from "../../words";
import { reports as words } from "../../words/reports";
import { Filters } from "./Filters";
import { type AuthorQuality, csvPath, moments, qualityQuery } from "./queries";
import type { ReportProps } from "./Reports";

/** What experts and reviewers changed of each person's work. */
export function Quality({ chosen, choose }: ReportProps) {
  const { project } = useHere();
  const found = useQuery({ ...qualityQuery(project, chosen.scope), placeholderData: keepPreviousData });
  return (
    <>
      <Filters chosen={chosen} choose={choose} csv={csvPath(project, "quality", moments(chosen.scope))} />
      <Fault error={found.error} />
      {found.isPending && <Loading />}
      {found.data?.length === 0 && <Empty title={words.noQuality}>{words.noQualityWhy}</Empty>}
      {found.data !== undefined && found.data.length > 0 && (
        <section>
          <Title order={2}>{words.quality}</Title>
          <Text size="sm" c="dimmed" mb="sm">
            {words.qualityWhy}
          </Text>
          <Rows rows={found.data} />
        </section>
      )}
    </>
  );
}

function Rows({ rows }: { rows: readonly AuthorQuality[] }) {
  const { project } = useHere();
  const { data: templates } = useQuery(templatesQuery(project));
  const names = named(templates);
  return (
    <Table.ScrollContainer minWidth={1000}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.person}</Table.Th>
            <Table.Th>{words.stage}</Table.Th>
            <Table.Th>{words.lookedAt}</Table.Th>
            <Table.Th w={110}>{words.agreement}</Table.Th>
            {[
              words.looks,
              words.kept,
              words.changed,
              words.reshaped,
              words.relabelled,
              words.reanswered,
              words.removed,
              words.added,
            ].map((name) => (
              <Table.Th key={name} ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.author} ${row.template} ${row.by_template}`}>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <bdi>{row.name}</bdi>
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <bdi>{names.get(row.template)}</bdi>
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <bdi>{row.by_template === row.template ? words.review : names.get(row.by_template)}</bdi>
              </Table.Td>
              <Table.Td>
                {row.agreement != null && (
                  <>
                    <Progress
                      value={100 * row.agreement}
                      aria-label={`${words.agreement}: ${words.percent(row.agreement)}`}
                    />
                    <Text size="sm">{words.percent(row.agreement)}</Text>
                  </>
                )}
              </Table.Td>
              {[
                row.tasks,
                row.kept,
                row.changed,
                row.reshaped,
                row.relabelled,
                row.reanswered,
                row.removed,
                row.added,
              ].map((n, at) => (
                <Table.Td key={at} ta="right">
                  {count(n)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
