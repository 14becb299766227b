import { Accordion, Checkbox, Group, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { templates as words } from "../../words/templates";
import type { PartProps } from "./Template";

type Prelabels = Schemas["Prelabels"];

/** What most templates leave as it is. */
export function MoreSettings({ settings, set, disabled, fault }: PartProps) {
  const prelabels = settings.prelabels;
  const setPrelabels = (part: Partial<Prelabels>) => set({ prelabels: { predictions: "", ...prelabels, ...part } });
  return (
    <Accordion variant="separated" chevronPosition="left">
      <Accordion.Item value="more">
        <Accordion.Control>{words.more}</Accordion.Control>
        <Accordion.Panel>
          <Stack>
            <Select
              label={words.outside}
              allowDeselect={false}
              disabled={disabled}
              data={Object.entries(words.outsideNames).map(([value, label]) => ({ value, label }))}
              value={settings.outside ?? "refuse"}
              onChange={(outside) => set({ outside: outside === "clip" ? "clip" : "refuse" })}
            />
            <Checkbox
              label={words.prelabelled}
              disabled={disabled}
              checked={prelabels != null}
              onChange={(event) => set({ prelabels: event.currentTarget.checked ? { predictions: "" } : null })}
            />
            {prelabels != null && (
              <>
                <TextInput
                  label={words.predictions}
                  description={words.predictionsWhy}
                  required
                  disabled={disabled}
                  value={prelabels.predictions}
                  error={fault("prelabels.predictions")}
                  onChange={(event) => setPrelabels({ predictions: event.currentTarget.value })}
                />
                <Group grow align="flex-start">
                  <Select
                    label={words.untouched}
                    allowDeselect={false}
                    disabled={disabled}
                    data={Object.entries(words.prelabelModes).map(([value, label]) => ({ value, label }))}
                    value={prelabels.mode ?? "suggest"}
                    onChange={(mode) => setPrelabels({ mode: mode as NonNullable<Prelabels["mode"]> })}
                  />
                  <NumberInput
                    label={words.above}
                    min={0}
                    max={100}
                    disabled={disabled}
                    value={Math.round(100 * (prelabels.above ?? 0))}
                    error={fault("prelabels.above")}
                    onChange={(above) => setPrelabels({ above: Number(above) / 100 })}
                  />
                </Group>
              </>
            )}
            <Group grow align="flex-start">
              <NumberInput
                label={words.lease}
                min={1}
                max={7 * 1440}
                disabled={disabled}
                value={(settings.lease_seconds ?? 900) / 60}
                error={fault("lease_seconds")}
                onChange={(minutes) => set({ lease_seconds: Math.round(60 * Number(minutes)) })}
              />
              <NumberInput
                label={words.priority}
                description={words.priorityWhy}
                allowDecimal={false}
                disabled={disabled}
                value={settings.priority ?? 0}
                error={fault("priority")}
                onChange={(priority) => set({ priority: Number(priority) })}
              />
            </Group>
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
