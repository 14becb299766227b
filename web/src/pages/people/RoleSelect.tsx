import { Select } from "@mantine/core";
import { settings as words } from "../../words/settings";

export const ROLES = Object.entries(words.roles).map(([value, label]) => ({
  value,
  label: `${label}: ${words.rolesWhy[value] ?? ""}`,
}));

interface RoleSelectProps {
  value: string;
  onChange: (role: string) => void;
}

/** What somebody may do, each role with what it means. */
export function RoleSelect({ value, onChange }: RoleSelectProps) {
  return (
    <Select
      label={words.role}
      data={ROLES}
      allowDeselect={false}
      value={value}
      onChange={(role) => onChange(role ?? value)}
    />
  );
}
