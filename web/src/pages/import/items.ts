/** The items of an import that failed, or of which something was left out. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../../api/client";
import { csvOf } from "../../parts/csv";
import { words } from "../../words";

export type Item = Schemas["ItemReport"];

const PAGE = 100;
const LARGEST_PAGE = 1000;

const page = (project: number, run: number, limit: number, after: string) =>
  body(
    api.GET("/api/v1/projects/{project}/imports/{run}/items", {
      params: {
        path: { project, run },
        query: { troubled: true, limit, ...(after === "" ? {} : { after }) },
      },
    }),
  );

export const troubledQuery = (project: number, run: number, isOver: boolean) =>
  infiniteQueryOptions({
    queryKey: ["p", project, "import", run, "troubled"],
    queryFn: ({ pageParam }) => page(project, run, PAGE, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: isOver,
  });

export const whyOf = (item: Item): string =>
  item.reason ?? item.problems?.map((problem) => problem.detail).join(" ") ?? "";

/** All of them as a sheet. */
export async function troubledSheet(project: number, run: number): Promise<string> {
  const rows = [[words.importing.item, words.importing.why]];
  let after = "";
  do {
    const { items, next } = await page(project, run, LARGEST_PAGE, after);
    rows.push(...items.map((item) => [item.key, whyOf(item)]));
    after = next ?? "";
  } while (after !== "");
  return `\ufeff${csvOf(rows)}`; // by the mark spreadsheets know UTF-8
}
