import { Anchor, Button, Table } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useHere } from "../../api/here";
import { statusQuery } from "../../api/now";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { moment } from "../../words";
import { actions as words } from "../../words/actions";

/** Every action, with when it fires and how it went last. */
export function Actions() {
  const { project, mayEdit } = useHere();
  const { data: status } = useSuspenseQuery(statusQuery(project));
  const make = (
    <Button renderRoot={(props) => <Link {...props} to="/p/$project/actions/new" params={{ project }} />}>
      {words.make}
    </Button>
  );
  return (
    <Page title={words.title} actions={mayEdit && status.actions.length > 0 && make}>
      {status.actions.length === 0 ? (
        <Empty title={words.none} action={mayEdit && make}>
          {words.noneWhy}
        </Empty>
      ) : (
        <Table.ScrollContainer minWidth={720} px="xl" py="sm">
          <Table verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.name}</Table.Th>
                <Table.Th>{words.state}</Table.Th>
                <Table.Th>{words.when}</Table.Th>
                <Table.Th>{words.steps}</Table.Th>
                <Table.Th>{words.lastRun}</Table.Th>
                <Table.Th>{words.next}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {status.actions.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Anchor
                      renderRoot={(props) => (
                        <Link {...props} to="/p/$project/actions/$action" params={{ project, action: one.id }} />
                      )}
                    >
                      <bdi>{one.name}</bdi>
                    </Anchor>
                  </Table.Td>
                  <Table.Td>
                    <State state={one.state} />
                  </Table.Td>
                  <Table.Td>{one.when}</Table.Td>
                  <Table.Td>{one.steps.join(", ")}</Table.Td>
                  <Table.Td>{one.last_run != null && <State state={one.last_run.state} />}</Table.Td>
                  <Table.Td>{moment(one.next_at)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Page>
  );
}
