import { Checkbox, Group, MultiSelect, NumberInput, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useHere } from "../../api/here";
import { membersQuery, teamsQuery } from "../../api/lists";
import { QueryInput } from "../../parts/QueryInput";
import { templates as words } from "../../words/templates";
import type { PartProps } from "./Template";

type Crew = Schemas["Crew"];

/** Who works, who reviews, and how much. */
export function PeopleSettings({ settings, set, disabled, fault }: PartProps) {
  const { project } = useHere();
  return (
    <>
      <CrewField
        label={words.annotators}
        nobody={words.everyAnnotator}
        crew={settings.annotators}
        disabled={disabled}
        fault={fault("annotators")}
        change={(annotators) => set({ annotators })}
      />
      <Stack gap="sm">
        <Checkbox
          label={words.reviewed}
          disabled={disabled}
          checked={settings.review != null}
          onChange={(event) => set({ review: event.currentTarget.checked ? {} : null })}
        />
        {settings.review != null && (
          <>
            <Group grow align="flex-start">
              <NumberInput
                label={words.reviewShare}
                min={0.01}
                max={100}
                disabled={disabled}
                value={100 * (settings.review.share ?? 1)}
                error={fault("review.share")}
                onChange={(share) => set({ review: { ...settings.review, share: Number(share) / 100 } })}
              />
              <QueryInput
                project={project}
                context="task"
                label={words.if}
                placeholder={words.ifHint}
                disabled={disabled}
                value={settings.review.if ?? ""}
                error={fault("review.if")}
                onChange={(query) => set({ review: { ...settings.review, if: query === "" ? null : query } })}
              />
            </Group>
            <CrewField
              label={words.reviewers}
              nobody={words.everyEditor}
              crew={settings.reviewers}
              disabled={disabled}
              fault={fault("reviewers")}
              change={(reviewers) => set({ reviewers })}
            />
          </>
        )}
      </Stack>
    </>
  );
}

interface CrewFieldProps {
  label: string;
  /** Who it is when nobody is named. */
  nobody: string;
  crew: Crew | null | undefined;
  disabled: boolean;
  fault: string | undefined;
  change: (to: Crew | null) => void;
}

/** People and whole teams in one field. */
function CrewField({ label, nobody, crew, disabled, fault, change }: CrewFieldProps) {
  const { project } = useHere();
  const { data: members } = useQuery(membersQuery(project));
  const { data: teams } = useQuery(teamsQuery(project));
  const chosen = [
    ...(crew?.teams ?? []).map((id) => `team ${id}`),
    ...(crew?.members ?? []).map((id) => `member ${id}`),
  ];
  const read = (to: string[]) => {
    const ids = (what: string) =>
      to.filter((one) => one.startsWith(`${what} `)).map((one) => Number(one.slice(what.length + 1)));
    change(to.length === 0 ? null : { teams: ids("team"), members: ids("member") });
  };
  return (
    <MultiSelect
      label={label}
      placeholder={chosen.length === 0 ? nobody : ""}
      data={[
        { group: words.teams, items: (teams ?? []).map((one) => ({ value: `team ${one.id}`, label: one.name })) },
        {
          group: words.members,
          items: (members ?? []).map((one) => ({ value: `member ${one.person}`, label: one.name })),
        },
      ]}
      searchable
      disabled={disabled}
      value={chosen}
      error={fault}
      onChange={read}
    />
  );
}
