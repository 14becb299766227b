import { Anchor, Button, Stack, Table } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Dataset } from "../../api/lists";
import { edits, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { count, words } from "../../words";
import { datasetsQuery } from "./queries";

/** The project's datasets. */
export function Datasets() {
  const { project } = useParams({ from: "/signed-in/frame/p/$project/data" });
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const { data: datasets } = useSuspenseQuery(datasetsQuery(project));
  const kinds = datasets.some((one) => kindOf(one) !== "");
  const importing = place !== undefined && edits(place.role) && (
    <Button renderRoot={(props) => <Link {...props} to="/p/$project/import" params={{ project }} />}>
      {words.data.import}
    </Button>
  );
  return (
    <Page
      title={words.data.title}
      actions={
        datasets.length > 0 && (
          <>
            <Button
              variant="default"
              renderRoot={(props) => <Link {...props} to="/p/$project/compare" params={{ project }} />}
            >
              {words.data.compare}
            </Button>
            {importing}
          </>
        )
      }
    >
      {datasets.length === 0 ? (
        <Empty title={words.data.none} action={importing}>
          {words.data.noneWhy}
        </Empty>
      ) : (
        <Stack p="lg">
          <Table highlightOnHover horizontalSpacing="lg" maw={720}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.data.name}</Table.Th>
                {kinds && <Table.Th>{words.data.kind}</Table.Th>}
                <Table.Th ta="right">{words.data.grid}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {datasets.map((dataset) => (
                <Table.Tr key={dataset.id}>
                  <Table.Td>
                    <Anchor
                      renderRoot={(props) => (
                        <Link {...props} to="/p/$project/data/$dataset" params={{ project, dataset: dataset.id }} />
                      )}
                    >
                      <bdi>{dataset.name}</bdi>
                    </Anchor>
                  </Table.Td>
                  {kinds && <Table.Td c="dimmed">{kindOf(dataset)}</Table.Td>}
                  <Table.Td ta="right">{count(dataset.files ?? 0)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Stack>
      )}
    </Page>
  );
}

/** What is special about a dataset, in a word. */
const kindOf = ({ query, forked_from }: Dataset): string =>
  query != null ? words.data.live : forked_from != null ? words.data.fork : "";
