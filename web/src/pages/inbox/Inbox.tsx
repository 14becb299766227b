import { Anchor, Button, Group, Paper, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { queries } from "../../api/queries";
import { meQuery, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { More } from "../../parts/More";
import { Page } from "../../parts/Page";
import { moment } from "../../words";
import { inbox as words } from "../../words/activity";

/** Messages to oneself, of all projects. */
export function Inbox() {
  const me = useMe();
  const [shown, setShown] = useState<"unread" | "all">("unread");
  const found = useInfiniteQuery({
    queryKey: ["inbox", shown],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/inbox", {
          params: { query: { unread: shown === "unread", ...(pageParam === "" ? {} : { after: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const reading = useMutation({
    mutationFn: ({ message, all }: { message: number; all: boolean }) =>
      body(api.POST("/api/v1/inbox/{message}/read", { params: { path: { message }, query: { earlier: all } } })),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["inbox"] }),
        queries.invalidateQueries({ queryKey: meQuery.queryKey }),
      ]),
  });
  const messages = found.data?.pages.flatMap((page) => page.items) ?? [];
  const newest = messages[0];
  return (
    <Page
      title={words.title}
      actions={
        newest !== undefined &&
        messages.some((one) => one.read_at == null) && (
          <Button
            variant="default"
            loading={reading.isPending}
            onClick={() => reading.mutate({ message: newest.id, all: true })}
          >
            {words.markAll}
          </Button>
        )
      }
    >
      <Stack px="xl" py="lg" maw={720}>
        <Group>
          <SegmentedControl
            aria-label={words.title}
            data={[
              { value: "unread", label: words.unread },
              { value: "all", label: words.all },
            ]}
            value={shown}
            onChange={(to) => setShown(to === "all" ? "all" : "unread")}
          />
        </Group>
        <Fault error={found.error ?? reading.error} />
        {found.isPending && <Loading />}
        {found.isSuccess && messages.length === 0 && (
          <Empty title={shown === "all" ? words.none : words.noUnread}>{words.noneWhy}</Empty>
        )}
        {messages.map((one) => (
          <Message
            key={one.id}
            of={one}
            project={me.projects.find((place) => place.id === one.project)?.name ?? ""}
            read={() => reading.mutate({ message: one.id, all: false })}
          />
        ))}
        <More of={found} label={words.more} />
      </Stack>
    </Page>
  );
}

function Message({ of, project, read }: { of: Schemas["Message"]; project: string; read: () => void }) {
  const link = of.link != null && /^(https?:\/\/|\/(?!\/))/.test(of.link) ? of.link : null;
  return (
    <Paper component="article" withBorder p="md">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div style={{ minWidth: 0 }}>
          <Title order={2} fw={of.read_at == null ? 700 : 400}>
            <bdi>{of.subject}</bdi>
          </Title>
          <Text size="sm" c="dimmed">
            <bdi>{project}</bdi>, {moment(of.at)}
          </Text>
          {of.text !== "" && (
            <Text mt="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {of.text}
            </Text>
          )}
          {link !== null && (
            <Anchor href={link} rel="noreferrer">
              {words.open}
            </Anchor>
          )}
        </div>
        {of.read_at == null && (
          <Button variant="default" onClick={read}>
            {words.markRead}
          </Button>
        )}
      </Group>
    </Paper>
  );
}
