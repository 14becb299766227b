/** The cache of what the server said, and how its refusals are retried. */
import { QueryClient } from "@tanstack/react-query";
import { Refused } from "./problem";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: "always", // a server on this machine answers without a network
      retry: (failures, error) => (error instanceof Refused ? error.status === 503 && failures < 3 : failures < 2),
    },
    mutations: { networkMode: "always" },
  },
});
