import { Anchor, Button, Group, Select, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { useHere } from "../../api/here";
import { actionsQuery, datasetsQuery, membersQuery, named, offered, templatesQuery } from "../../api/lists";
import { useLive } from "../../api/live";
import { queries } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Json } from "../../parts/Json";
import { Loading } from "../../parts/Loading";
import { More } from "../../parts/More";
import { Page } from "../../parts/Page";
import { moment } from "../../words";
import { activity as words } from "../../words/activity";
import classes from "./Activity.module.css";
import { linkOf, type Names, nameOf } from "./said";

const QUIET = "!attempt.saved,!import.progress";

/** Everything that happened in the project, newest first. */
export function Activity() {
  const { project } = useHere();
  const [kinds, setKinds] = useState("");
  const [actor, setActor] = useState<string | null>(null);
  const [fresh, setFresh] = useState(0);
  const key = ["p", project, "activity", kinds, actor];
  const found = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/projects/{project}/activity", {
          params: {
            path: { project },
            query: {
              kinds: kinds === "" ? QUIET : kinds,
              ...(actor === null ? {} : { actor: Number(actor) }),
              ...(pageParam === "" ? {} : { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: Infinity,
  });
  useLive(project, (happening) => {
    if (happening.kind !== "attempt.saved" && happening.kind !== "import.progress") setFresh((n) => n + 1);
  });
  const refresh = () => {
    setFresh(0);
    void queries.resetQueries({ queryKey: key });
  };
  const members = useQuery(membersQuery(project)).data;
  const names: Names = {
    person: named(members?.map((one) => ({ id: one.person, name: one.name }))),
    template: named(useQuery(templatesQuery(project)).data),
    dataset: named(useQuery(datasetsQuery(project)).data),
    action: named(useQuery(actionsQuery(project)).data?.items),
  };
  const events = found.data?.pages.flatMap((page) => page.items) ?? [];
  const more = <More of={found} label={words.older} />;
  return (
    <Page title={words.title}>
      <Stack px="xl" py="lg" maw={1080}>
        <Group align="flex-end">
          <Select
            label={words.kinds}
            w={240}
            allowDeselect={false}
            data={Object.entries(words.groups).map(([value, label]) => ({ value, label }))}
            value={kinds}
            onChange={(to) => setKinds(to ?? "")}
          />
          <Select
            label={words.who}
            w={200}
            clearable
            searchable
            placeholder={words.everybody}
            data={offered(members?.map((one) => ({ id: one.person, name: one.name })))}
            value={actor}
            onChange={setActor}
          />
          {fresh > 0 && (
            <Button variant="light" h={36} onClick={refresh}>
              {words.fresh(fresh)}
            </Button>
          )}
        </Group>
        <Fault error={found.error} again={() => void found.refetch()} />
        {found.isPending && <Loading />}
        {found.isSuccess && events.length === 0 && (
          <Empty title={words.none} action={more}>
            {found.hasNextPage ? words.shortPage : words.noneWhy}
          </Empty>
        )}
        <div className={classes["list"]}>
          {events.map((event) => (
            <Row key={`${event.seq}.${event.n}`} event={event} names={names} />
          ))}
        </div>
        {events.length > 0 && more}
      </Stack>
    </Page>
  );
}

function Row({ event, names }: { event: Schemas["LoggedEvent"]; names: Names }) {
  const { project } = useHere();
  const actor = event.actor == null ? words.byItself : (names.person.get(event.actor) ?? `${event.actor}`);
  const link = linkOf(project, event);
  return (
    <article className={classes["row"]}>
      <time dateTime={event.at}>{moment(event.at)}</time>
      <details>
        <summary>
          {words.said[event.kind] ?? words.plain(event.kind)}
          {nameOf(event, names).map((name, at) => (
            <Fragment key={at}>
              {" "}
              <Text span c="dimmed">
                <bdi>{name}</bdi>
              </Text>
            </Fragment>
          ))}
        </summary>
        <Json value={{ kind: event.kind, subject: event.subject, ...event.body }} />
      </details>
      <bdi className={classes["who"]}>{actor}</bdi>
      <span>{link !== null && <Anchor href={link}>{words.open}</Anchor>}</span>
    </article>
  );
}
