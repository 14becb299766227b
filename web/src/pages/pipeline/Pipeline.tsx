import { Table } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useStatus } from "../../api/now";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { Page } from "../../parts/Page";
import { count, words } from "../../words";

/** The project's home: what flows where, now. */
export function Pipeline() {
  const { project } = useParams({ from: "/signed-in/frame/p/$project/pipeline" });
  const status = useStatus(project);
  return (
    <Page title={words.rail.pipeline}>
      {status.isPending && <Loading />}
      <Fault error={status.error} />
      {status.isSuccess && (
        <Table>
          <Table.Tbody>
            {status.data.datasets.map((dataset) => (
              <Table.Tr key={dataset.id}>
                <Table.Td>{dataset.name}</Table.Td>
                <Table.Td ta="right">{count(dataset.files)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Page>
  );
}
