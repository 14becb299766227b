import { Anchor, Button, Progress, Table, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useHere } from "../../api/here";
import { datasetsQuery, named, templatesQuery } from "../../api/lists";
import { useStatus } from "../../api/now";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { templates as words } from "../../words/templates";

/** Every template of the project, with how far it is. */
export function Templates() {
  const { project, mayEdit } = useHere();
  const { data: templates } = useSuspenseQuery(templatesQuery(project));
  const { data: datasets } = useSuspenseQuery(datasetsQuery(project));
  const { data: status } = useStatus(project);
  const names = named(datasets);
  const make = (
    <Button renderRoot={(props) => <Link {...props} to="/p/$project/templates/new" params={{ project }} />}>
      {words.make}
    </Button>
  );
  return (
    <Page title={words.title} actions={mayEdit && templates.length > 0 && make}>
      {templates.length === 0 ? (
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
                <Table.Th w={220}>{words.progress}</Table.Th>
                <Table.Th>{words.watches}</Table.Th>
                <Table.Th>{words.routes}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {templates.map((one) => {
                const { done = 0, total = 0 } = status?.templates.find((shown) => shown.id === one.id)?.progress ?? {};
                return (
                  <Table.Tr key={one.id}>
                    <Table.Td>
                      <Anchor
                        renderRoot={(props) => (
                          <Link
                            {...props}
                            to="/p/$project/templates/$template"
                            params={{ project, template: one.id }}
                          />
                        )}
                      >
                        <bdi>{one.name}</bdi>
                      </Anchor>
                    </Table.Td>
                    <Table.Td>
                      <State
                        state={one.state === "active" ? "on" : one.state}
                        word={words.states[one.state] ?? one.state}
                      />
                    </Table.Td>
                    <Table.Td>
                      <Progress value={total === 0 ? 0 : (100 * done) / total} aria-label={words.done(done, total)} />
                      <Text size="sm" c="dimmed">
                        {words.done(done, total)}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      {(one.settings.watch ?? []).map((watch) => names.get(watch.dataset)).join(", ")}
                    </Table.Td>
                    <Table.Td>{(one.settings.on_done ?? []).map((route) => names.get(route.to)).join(", ")}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Page>
  );
}
