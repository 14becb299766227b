/** Who is signed in, and what they may do. */
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, body, type Schemas, setCsrf } from "./client";
import { queries } from "./queries";

export type Me = Schemas["Me"];
export type Place = Schemas["Place"];
export type Role = Place["role"];

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async (): Promise<Me> => {
    const me = await body(api.GET("/api/v1/me"));
    setCsrf(me.csrf);
    return me;
  },
  staleTime: 60_000,
});

/** Remember who just signed in. */
export function enter(me: Me): void {
  setCsrf(me.csrf);
  queries.clear();
  queries.setQueryData(meQuery.queryKey, me);
}

export async function signOut(): Promise<void> {
  await api.POST("/api/v1/sign-out");
  setCsrf(null);
  queries.clear();
  window.location.assign("/sign-in");
}

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** Not a ladder: a viewer sees all and changes nothing, an annotator sees their tasks. */
export const sees = (role: Role): boolean => role !== "annotator";
export const works = (role: Role): boolean => role !== "viewer";
export const edits = (role: Role): boolean => role === "admin" || role === "editor";
export const administers = (role: Role): boolean => role === "admin";
