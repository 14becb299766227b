import { Button, Checkbox, Group, MultiSelect, NumberInput, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useHere } from "../../api/here";
import { datasetsQuery, offered } from "../../api/lists";
import { templates as words } from "../../words/templates";
import { QueryInput } from "../../parts/QueryInput";
import { Removable } from "../../parts/Removable";
import type { PartProps } from "./Template";

type Watch = Schemas["Watch"];
type Route = Schemas["Route"];

/** Where files come from, and where they go. */
export function RouteSettings({ settings, set, disabled, fault }: PartProps) {
  const { project } = useHere();
  const { data } = useQuery(datasetsQuery(project));
  const datasets = offered(data?.filter((one) => one.archived_at == null));
  const watch = settings.watch ?? [];
  const routes = settings.on_done ?? [];
  const setAll = (part: Partial<Watch>) => set({ watch: watch.map((one) => ({ ...one, ...part })) });
  const setRoute = (at: number, part: Partial<Route>) =>
    set({ on_done: routes.map((route, n) => (n === at ? { ...route, ...part } : route)) });
  return (
    <>
      <Stack gap="sm">
        <MultiSelect
          label={words.watches}
          description={words.watchesWhy}
          data={datasets}
          searchable
          disabled={disabled}
          value={watch.map((one) => String(one.dataset))}
          error={fault("watch")}
          onChange={(chosen) =>
            set({
              watch: chosen.map((id) => watch.find((one) => String(one.dataset) === id) ?? { dataset: Number(id) }),
            })
          }
        />
        {watch.length > 0 && (
          <Group align="flex-end">
            <Select
              label={words.takes}
              allowDeselect={false}
              disabled={disabled}
              data={Object.entries(words.takesNames).map(([value, label]) => ({ value, label }))}
              value={watch[0]?.takes ?? "all"}
              onChange={(takes) => setAll({ takes: takes === "new" ? "new" : "all" })}
            />
            <Checkbox
              mb="sm"
              label={words.again}
              disabled={disabled}
              checked={watch[0]?.again ?? false}
              onChange={(event) => setAll({ again: event.currentTarget.checked })}
            />
            {watch[0]?.again === true && (
              <NumberInput
                label={words.rounds}
                w={120}
                min={1}
                max={100}
                disabled={disabled}
                value={watch[0]?.rounds ?? 3}
                onChange={(rounds) => setAll({ rounds: Number(rounds) })}
              />
            )}
          </Group>
        )}
      </Stack>
      <Stack gap="sm" role="group" aria-label={words.routes}>
        <Text fw={600} size="sm">
          {words.routes}
        </Text>
        {routes.map((route, at) => (
          <Removable
            key={at}
            label={words.route(at + 1)}
            remove={`${words.removeRoute}: ${at + 1}`}
            onRemove={disabled ? undefined : () => set({ on_done: routes.filter((_, n) => n !== at) })}
          >
            <Group grow align="flex-start">
              <Select
                label={words.to}
                data={datasets}
                searchable
                allowDeselect={false}
                disabled={disabled}
                value={route.to > 0 ? String(route.to) : null}
                error={fault(`on_done[${at}].to`)}
                onChange={(to) => setRoute(at, { to: Number(to) })}
              />
              <NumberInput
                label={words.sample}
                min={0.01}
                max={100}
                placeholder="100"
                disabled={disabled}
                value={route.sample == null ? "" : 100 * route.sample}
                error={fault(`on_done[${at}].sample`)}
                onChange={(share) => setRoute(at, { sample: typeof share === "number" ? share / 100 : null })}
              />
            </Group>
            <QueryInput
              project={project}
              context="task"
              label={words.if}
              description={words.ifWhy}
              placeholder={words.ifHint}
              disabled={disabled || route.else === true}
              value={route.if ?? ""}
              error={fault(`on_done[${at}].if`)}
              onChange={(query) => setRoute(at, { if: query === "" ? null : query })}
            />
            <Group align="flex-end">
              <Select
                label={words.mode}
                allowDeselect={false}
                disabled={disabled}
                data={Object.entries(words.modes).map(([value, label]) => ({ value, label }))}
                value={route.mode ?? "add"}
                onChange={(mode) => setRoute(at, { mode: mode === "move" ? "move" : "add" })}
              />
              <Checkbox
                mb="sm"
                label={words.else}
                disabled={disabled}
                checked={route.else ?? false}
                onChange={(event) => setRoute(at, { else: event.currentTarget.checked, if: null })}
              />
            </Group>
          </Removable>
        ))}
        {fault("on_done") !== undefined && (
          <Text size="sm" className="fail" role="alert">
            {fault("on_done")}
          </Text>
        )}
        {!disabled && (
          <Group>
            <Button variant="default" onClick={() => set({ on_done: [...routes, { to: 0 }] })}>
              {words.addRoute}
            </Button>
          </Group>
        )}
      </Stack>
    </>
  );
}
