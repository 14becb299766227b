import { Anchor, Button, Group, Select, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useHere } from "../../api/here";
import { membersQuery, offered, templateQuery } from "../../api/lists";
import { useStatus } from "../../api/now";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { More } from "../../parts/More";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { moment } from "../../words";
import { queue as words } from "../../words/queue";
import { type QueuedTask, queueQuery, type Status } from "./queries";
import { TaskMenu } from "./TaskMenu";

const ROUTE = "/signed-in/frame/p/$project/templates/$template/queue";

/** What a state looks like. */
const LOOKS: Partial<Record<Status, string>> = {
  open: "waiting",
  in_progress: "running",
  in_review: "pending",
  returned: "asking",
  skipped: "off",
};

/** The tasks of a template: which file, who has it, and since when. */
export function Queue() {
  const { project, mayEdit } = useHere();
  const { template: id } = useParams({ from: ROUTE });
  const { status, person } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const { data: template } = useSuspenseQuery(templateQuery(project, id));
  const members = useQuery(membersQuery(project)).data;
  const counts = useStatus(project).data?.templates.find((one) => one.id === id)?.progress.counts;
  const found = useInfiniteQuery(queueQuery(project, id, status, person));
  const tasks = found.data?.pages.flatMap((page) => page.items) ?? [];
  const narrow = (to: { status?: Status | undefined; person?: number | undefined }) =>
    void navigate({
      to: "/p/$project/templates/$template/queue",
      params: { project, template: id },
      search: { status, person, ...to },
      replace: true,
    });
  const isNarrow = status !== undefined || person !== undefined;
  const all = Object.values(counts ?? {}).reduce((sum, one) => sum + one, 0);
  return (
    <Page
      title={
        <>
          <bdi>{template.name}</bdi>: {words.title}
        </>
      }
      name={`${template.name}: ${words.title}`}
      actions={
        <Button
          variant="default"
          renderRoot={(props) => (
            <Link {...props} to="/p/$project/templates/$template" params={{ project, template: id }} />
          )}
        >
          {words.settings}
        </Button>
      }
    >
      <Stack px="xl" py="lg">
        <Group align="flex-end">
          <Select
            label={words.state}
            w={200}
            allowDeselect={false}
            value={status ?? ""}
            onChange={(to) => narrow({ status: to === "" || to === null ? undefined : (to as Status) })}
            data={[
              { value: "", label: words.any(all) },
              ...Object.entries(words.states).map(([value, name]) => ({
                value,
                label: words.ofState(name, counts?.[value] ?? 0),
              })),
            ]}
          />
          <Select
            label={words.person}
            w={240}
            clearable
            searchable
            placeholder={words.everybody}
            data={offered(members?.map((one) => ({ id: one.person, name: one.name })))}
            value={person === undefined ? null : String(person)}
            onChange={(to) => narrow({ person: to === null ? undefined : Number(to) })}
          />
        </Group>
        <Fault error={found.error} again={() => void found.refetch()} />
        {found.isPending && <Loading />}
        {found.isSuccess && tasks.length === 0 && (
          <Empty
            title={isNarrow ? words.nothing : words.none}
            action={
              isNarrow && (
                <Button variant="default" onClick={() => narrow({ status: undefined, person: undefined })}>
                  {words.all}
                </Button>
              )
            }
          >
            {isNarrow ? words.nothingWhy : words.noneWhy}
          </Empty>
        )}
        {tasks.length > 0 && (
          <Table.ScrollContainer minWidth={820}>
            <Table verticalSpacing={6} highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{words.file}</Table.Th>
                  <Table.Th>{words.state}</Table.Th>
                  <Table.Th>{words.who}</Table.Th>
                  <Table.Th>{words.since}</Table.Th>
                  <Table.Th ta="right">{words.attempts}</Table.Th>
                  <Table.Th ta="right">{words.priority}</Table.Th>
                  {mayEdit && (
                    <Table.Th>
                      <span className="sr">{words.do}</span>
                    </Table.Th>
                  )}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tasks.map((task) => (
                  <Row key={task.id} task={task} now={found.dataUpdatedAt} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
        <More of={found} label={words.more} />
      </Stack>
    </Page>
  );
}

function Row({ task, now }: { task: QueuedTask; now: number }) {
  const { project, mayEdit } = useHere();
  const seconds = Math.max(0, (now - Date.parse(task.since)) / 1000);
  return (
    <Table.Tr>
      <Table.Td maw={320} style={{ overflowWrap: "anywhere" }}>
        <Anchor
          renderRoot={(props) => <Link {...props} to="/p/$project/files/$file" params={{ project, file: task.file }} />}
        >
          <bdi>{task.key}</bdi>
        </Anchor>
        {task.round > 1 && (
          <Text span c="dimmed" size="sm">
            {" "}
            {words.round(task.round)}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <State state={LOOKS[task.status] ?? task.status} word={words.states[task.status] ?? task.status} />
        {task.reason != null && (
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            <bdi>{task.reason}</bdi>
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Who task={task} />
      </Table.Td>
      <Table.Td>
        <time dateTime={task.since} title={moment(task.since)}>
          {words.ago(seconds)}
        </time>
      </Table.Td>
      <Table.Td ta="right">{task.attempts}</Table.Td>
      <Table.Td ta="right">{task.priority}</Table.Td>
      {mayEdit && (
        <Table.Td ta="right">
          <TaskMenu task={task} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function Who({ task }: { task: QueuedTask }) {
  if (task.holder_name == null) {
    return task.author_name == null ? null : (
      <Text c="dimmed">
        <bdi>{words.handedIn(task.author_name)}</bdi>
      </Text>
    );
  }
  return (
    <>
      <bdi>{task.holder_name}</bdi>
      {task.is_idle && (
        <Tooltip label={words.idleWhy}>
          <Text size="sm" className="warn">
            {words.idle}
          </Text>
        </Tooltip>
      )}
    </>
  );
}
