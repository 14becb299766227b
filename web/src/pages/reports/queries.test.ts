import { expect, it } from "vitest";
import { csvPath, lastDays, moments, starts } from "./queries";

it("fills days, weeks and months without gaps", () => {
  expect(starts("2024-02-27", "2024-03-02", "day")).toEqual([
    "2024-02-27",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-02",
  ]);
  expect(starts("2024-02-28", "2024-03-12", "week")).toEqual(["2024-02-26", "2024-03-04", "2024-03-11"]);
  expect(starts("2023-12-31", "2024-02-01", "month")).toEqual(["2023-12-01", "2024-01-01", "2024-02-01"]);
});

it("counts today as one of the days", () => {
  const now = Date.parse("2024-03-01T23:59:00Z");
  expect(lastDays(7, now)).toEqual({ since: "2024-02-24", until: "2024-03-01" });
  expect(moments({ since: "2024-02-24", until: "2024-03-01" }).until).toBe("2024-03-02T00:00:00.000Z");
});

it("names the sheet of a report", () => {
  expect(csvPath(3, "people", { since: "2024-01-01", template: undefined })).toBe(
    "/api/v1/projects/3/reports/people?as=csv&since=2024-01-01",
  );
});
