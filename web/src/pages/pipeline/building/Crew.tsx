import { useQuery } from "@tanstack/react-query";
import { api, body } from "../../../api/client";
import { NamesInput } from "../../../parts/NamesInput";
import { words } from "../../../words";

interface CrewProps {
  project: number;
  label: string;
  value: string[];
  onChange: (people: string[]) => void;
}

/** Who works: teams by name, people by e-mail address. Whoever is new is invited when the draft is applied. */
export function Crew({ project, label, value, onChange }: CrewProps) {
  const path = { params: { path: { project } } };
  const { data: teams = [] } = useQuery({
    queryKey: ["p", project, "teams"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/teams", path)),
  });
  const strangers = value.filter((one) => !one.includes("@") && !teams.some((team) => team.name === one));
  return (
    <NamesInput
      label={label}
      description={words.building.peopleWhy}
      data={teams.map((team) => team.name)}
      value={value}
      onChange={onChange}
      error={strangers.length > 0 && words.building.stranger(strangers[0] ?? "")}
    />
  );
}
