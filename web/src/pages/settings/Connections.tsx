import {
  Alert,
  Button,
  Group,
  Modal,
  NumberInput,
  Paper,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { type Connection, connectionsQuery } from "../../api/lists";
import { isStale, Refused } from "../../api/problem";
import { queries } from "../../api/queries";
import { Copy } from "../../parts/Copy";
import { Empty } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { Fault } from "../../parts/Fault";
import { changesOf } from "../../parts/sides";
import { Unsaved } from "../../parts/Stale";
import { State } from "../../parts/State";
import { Sure } from "../../parts/Sure";
import { useEdited } from "../../parts/useEdited";
import { words as common } from "../../words";
import { settings as words } from "../../words/settings";

const offQuery = (project: number) => ({
  queryKey: ["p", project, "receivers", "off"],
  queryFn: () => body(api.GET("/api/v1/projects/{project}/receivers/off", { params: { path: { project } } })),
});

/** Named ways to something outside, with credentials that nobody sees again. */
export function Connections() {
  const { project, mayConnect, mayEdit } = useHere();
  const { data: found } = useSuspenseQuery(connectionsQuery(project));
  const { data: off } = useQuery(offQuery(project));
  const [shown, setShown] = useState<Connection | "new" | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: connectionsQuery(project).queryKey });
  const enabling = useMutation({
    mutationFn: (connection: number) =>
      body(
        api.POST("/api/v1/projects/{project}/receivers/{connection}/enable", {
          params: { path: { project, connection } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: offQuery(project).queryKey }),
  });
  return (
    <Stack gap="lg" maw={880}>
      <Fault error={enabling.error} />
      {found.length === 0 && <Empty title={words.noConnections}>{words.noConnectionsWhy}</Empty>}
      {found.map((one) => (
        <Paper key={one.id} withBorder p="md" component="section" aria-label={one.name}>
          <Stack gap="sm">
            <Group justify="space-between">
              <Title order={2}>
                <bdi>{one.name}</bdi>
              </Title>
              {mayConnect && (
                <Group gap="sm">
                  <Test connection={one} />
                  {one.kind === "webhook" && <Rotate connection={one} refresh={refresh} />}
                  <Button variant="default" onClick={() => setShown(one)}>
                    {words.edit}
                  </Button>
                  <Archive connection={one} refresh={refresh} />
                </Group>
              )}
            </Group>
            <Facts
              of={{
                [words.kind]: words.kinds[one.kind] ?? one.kind,
                [words.path]: text(one.settings["path"]),
                [words.url]: text(one.settings["url"]),
              }}
            />
            {off?.includes(one.id) === true && (
              <Group gap="sm">
                <State state="failed" word={words.receiversOff} />
                {mayEdit && (
                  <Button variant="default" loading={enabling.isPending} onClick={() => enabling.mutate(one.id)}>
                    {words.sendAgain}
                  </Button>
                )}
              </Group>
            )}
          </Stack>
        </Paper>
      ))}
      {mayConnect ? (
        <Group>
          <Button onClick={() => setShown("new")}>{words.newConnection}</Button>
        </Group>
      ) : (
        <Text c="dimmed">{words.needPermission}</Text>
      )}
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        title={shown === "new" ? words.newConnection : shown?.name}
        size="lg"
        closeButtonProps={{ "aria-label": common.actions.close }}
      >
        {shown !== null && (
          <Form
            of={shown === "new" ? undefined : (found.find((one) => one.id === shown.id) ?? shown)}
            done={() => setShown(null)}
            refresh={refresh}
          />
        )}
      </Modal>
    </Stack>
  );
}

const drafted = (of: Connection | undefined) => ({
  kind: of?.kind ?? "webhook",
  name: of?.name ?? "",
  path: text(of?.settings["path"]),
  url: text(of?.settings["url"]),
  timeout: Number(of?.settings["timeout_seconds"] ?? 20),
});

const said = (base: object, side: object): string[] =>
  changesOf(base, side, words.connectionFields).map((one) => `${one.what}: ${one.value}`);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

interface FormProps {
  of: Connection | undefined;
  done: () => void;
  refresh: () => Promise<unknown>;
}

function Form({ of, done, refresh }: FormProps) {
  const { project } = useHere();
  const now = { ...drafted(of), secret: "" };
  const edited = useEdited(of?.edition ?? 1, now);
  const { draft: form, set: setForm } = edited;
  const told = form.kind === "folder" ? { path: form.path } : { url: form.url, timeout_seconds: form.timeout };
  const saving = useMutation({
    mutationFn: () =>
      of === undefined
        ? body(
            api.POST("/api/v1/projects/{project}/connections", {
              params: { path: { project } },
              body: {
                name: form.name,
                kind: form.kind,
                settings: told,
                ...(form.secret === "" ? {} : { secrets: { secret: form.secret } }),
              },
            }),
          )
        : body(
            api.PATCH("/api/v1/projects/{project}/connections/{connection}", {
              params: { path: { project, connection: of.id } },
              headers: { "If-Match": `"${edited.edition}"` },
              body: { name: form.name, settings: told },
            }),
          ),
    onError: (error) => {
      if (isStale(error)) void refresh();
    },
    onSuccess: async (made) => {
      await refresh();
      if (made.secret == null) done();
    },
  });
  const at = (place: string) => (saving.error instanceof Refused ? saving.error.at(place) : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  if (saving.data?.secret != null) {
    return (
      <Stack>
        <Text fw={600}>{words.secretMade}</Text>
        <Text c="dimmed">{words.secretMadeWhy}</Text>
        <Copy label={words.secret} text={saving.data.secret} />
      </Stack>
    );
  }
  return (
    <Stack component="form" onSubmit={submit}>
      {of === undefined && (
        <SegmentedControl
          aria-label={words.kind}
          data={Object.entries(words.kinds).map(([value, label]) => ({ value, label }))}
          value={form.kind}
          onChange={(kind) => setForm({ ...form, kind })}
        />
      )}
      <TextInput
        label={words.name}
        required
        data-autofocus
        maxLength={200}
        value={form.name}
        error={at("name")}
        onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
      />
      {form.kind === "folder" ? (
        <TextInput
          label={words.path}
          description={words.pathWhy}
          required
          value={form.path}
          error={at("settings.path")}
          onChange={(event) => setForm({ ...form, path: event.currentTarget.value })}
        />
      ) : (
        <>
          <TextInput
            label={words.url}
            type="url"
            required
            value={form.url}
            error={at("settings.url")}
            onChange={(event) => setForm({ ...form, url: event.currentTarget.value })}
          />
          <NumberInput
            label={words.timeout}
            min={1}
            max={120}
            value={form.timeout}
            error={at("settings.timeout_seconds")}
            onChange={(timeout) => setForm({ ...form, timeout: Number(timeout) })}
          />
          {of === undefined && (
            <PasswordInput
              label={words.secret}
              description={words.secretWhy}
              autoComplete="off"
              value={form.secret}
              error={at("secrets.secret")}
              onChange={(event) => setForm({ ...form, secret: event.currentTarget.value })}
            />
          )}
        </>
      )}
      <Unsaved
        edited={edited}
        saving={saving}
        theirs={() => said(edited.base, now)}
        mine={() => said(edited.base, form)}
      />
      <Group justify="flex-end">
        <Button type="submit" loading={saving.isPending} disabled={edited.isStale}>
          {common.actions.save}
        </Button>
      </Group>
    </Stack>
  );
}

function Test({ connection }: { connection: Connection }) {
  const { project } = useHere();
  const testing = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/connections/{connection}/test", {
          params: { path: { project, connection: connection.id } },
        }),
      ),
    onSuccess: ({ works, detail }) =>
      notifications.show({
        color: works ? "green" : "red",
        title: works ? words.works : words.fails,
        message: detail,
      }),
    onError: (error) => notifications.show({ color: "red", title: words.fails, message: error.message }),
  });
  return (
    <Button variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
      {words.test}
    </Button>
  );
}

function Rotate({ connection, refresh }: { connection: Connection; refresh: () => Promise<unknown> }) {
  const { project } = useHere();
  const rotating = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/connections/{connection}/rotate", {
          params: { path: { project, connection: connection.id } },
          body: {},
        }),
      ),
    onSuccess: refresh,
  });
  return (
    <>
      <Sure
        label={words.rotate}
        title={words.rotateTitle}
        error={rotating.error}
        busy={rotating.isPending}
        onSure={rotating.mutateAsync}
      >
        {words.rotateWhy}
      </Sure>
      <Modal
        opened={rotating.data?.secret != null}
        onClose={() => rotating.reset()}
        title={words.secretMade}
        closeButtonProps={{ "aria-label": common.actions.close }}
      >
        <Stack>
          <Alert variant="outline">{words.secretMadeWhy}</Alert>
          <Copy label={words.secret} text={rotating.data?.secret ?? ""} />
        </Stack>
      </Modal>
    </>
  );
}

function Archive({ connection, refresh }: { connection: Connection; refresh: () => Promise<unknown> }) {
  const { project } = useHere();
  const archiving = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/v1/projects/{project}/connections/{connection}", {
          params: { path: { project, connection: connection.id } },
          headers: { "If-Match": `"${connection.edition ?? 1}"` },
          body: { archived: true },
        }),
      ),
    onSuccess: refresh,
  });
  return (
    <Sure
      label={words.archive}
      title={words.archiveConnectionTitle(connection.name)}
      error={archiving.error}
      busy={archiving.isPending}
      onSure={archiving.mutateAsync}
    >
      {words.archiveConnectionWhy}
    </Sure>
  );
}
