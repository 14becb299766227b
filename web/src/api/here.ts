/** The project that the address names, and what one may do in it. */
import { useParams } from "@tanstack/react-router";
import { administers, edits, type Role, useMe } from "./session";

export interface Here {
  project: number;
  name: string;
  role: Role;
  mayEdit: boolean;
  mayAdmin: boolean;
  /** Whether one may create and change connections, which hold credentials. */
  mayConnect: boolean;
}

export function useHere(): Here {
  const { project = 0 } = useParams({ strict: false });
  const place = useMe().projects.find((one) => one.id === project);
  const role = place?.role ?? "viewer";
  return {
    project,
    name: place?.name ?? "",
    role,
    mayEdit: edits(role),
    mayAdmin: administers(role),
    mayConnect: edits(role) && place?.connections === true,
  };
}
