import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useHere } from "../../api/here";
import { offered, templatesQuery } from "../../api/lists";
import { reports as words } from "../../words/reports";
import { lastDays, type Per } from "./queries";
import type { ReportProps } from "./Reports";

const choices = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));

/** Which days and which template, and the same figures as CSV. */
export function Filters({ chosen, choose, csv, withPer = false }: ReportProps & { csv: string; withPer?: boolean }) {
  const { project } = useHere();
  const { data: templates } = useQuery(templatesQuery(project));
  const { scope, per } = chosen;
  const period = Object.keys(words.periods).find((days) => {
    const last = lastDays(Number(days));
    return last.since === scope.since && last.until === scope.until;
  });
  const set = (part: Partial<typeof scope>) => choose({ ...chosen, scope: { ...scope, ...part } });
  return (
    <Group align="flex-end" gap="md" mb="lg">
      <Select
        label={words.period}
        w={120}
        placeholder="..."
        data={choices(words.periods)}
        value={period ?? null}
        onChange={(days) => days !== null && set(lastDays(Number(days)))}
      />
      <TextInput
        label={words.since}
        type="date"
        value={scope.since}
        max={scope.until}
        onChange={(event) => event.currentTarget.value !== "" && set({ since: event.currentTarget.value })}
      />
      <TextInput
        label={words.until}
        type="date"
        value={scope.until}
        min={scope.since}
        onChange={(event) => event.currentTarget.value !== "" && set({ until: event.currentTarget.value })}
      />
      <Select
        label={words.template}
        w={200}
        clearable
        searchable
        placeholder={words.allTemplates}
        data={offered(templates)}
        value={scope.template === undefined ? null : String(scope.template)}
        onChange={(template) => {
          const { template: _, ...rest } = scope;
          choose({ ...chosen, scope: template === null ? rest : { ...rest, template: Number(template) } });
        }}
      />
      {withPer && (
        <Select
          label={words.per}
          w={110}
          allowDeselect={false}
          data={choices(words.pers)}
          value={per}
          onChange={(to) => choose({ ...chosen, per: to as Per })}
        />
      )}
      <Csv href={csv} />
    </Group>
  );
}

export function Csv({ href }: { href: string }) {
  return (
    <Button
      component="a"
      href={href}
      download
      variant="default"
      h={36}
      leftSection={<Download size={14} aria-hidden />}
    >
      {words.csv}
    </Button>
  );
}
