/** What the charts of reports look like, from figures. Amounts start at zero. Pure. */
import type { EChartsCoreOption } from "echarts/core";
import type { Colours } from "../../parts/Chart";
import { reports as words } from "../../words/reports";
import { type LabelCount, type Per, type Scope, starts, type Throughput, type TimeSpent } from "./queries";

const MOST_PEOPLE = 8;

const base = (colours: Colours): EChartsCoreOption => ({
  textStyle: { fontFamily: "system-ui, sans-serif", fontSize: 12, color: colours.text },
  // As HTML it would set styles that the page's policy forbids.
  tooltip: {
    trigger: "axis",
    renderMode: "richText",
    axisPointer: { type: "shadow" },
    backgroundColor: colours.bg,
    borderColor: colours.line,
    textStyle: { color: colours.text, fontSize: 12 },
  },
  grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
});

const axis = (colours: Colours) => ({
  axisLine: { lineStyle: { color: colours.line } },
  axisTick: { show: false },
  axisLabel: { color: colours.muted, fontSize: 12 },
  splitLine: { lineStyle: { color: colours.line } },
});

/** Tasks done in each day, week or month, one colour a person; beyond eight the rest are one. */
export function throughputChart(
  rows: readonly Throughput[],
  scope: Scope,
  per: Per,
  colours: Colours,
): EChartsCoreOption {
  const days = starts(scope.since, scope.until, per);
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(row.name ?? "", (totals.get(row.name ?? "") ?? 0) + row.done);
  const people = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const shown = people.slice(0, people.length > MOST_PEOPLE ? MOST_PEOPLE - 1 : MOST_PEOPLE);
  const others = people.slice(shown.length);
  const done = (names: readonly string[]) =>
    days.map((day) =>
      rows.filter((row) => row.start === day && names.includes(row.name ?? "")).reduce((sum, row) => sum + row.done, 0),
    );
  const series = [
    ...shown.map((name) => ({ name, data: done([name]) })),
    ...(others.length > 0 ? [{ name: "...", data: done(others) }] : []),
  ];
  return {
    ...base(colours),
    color: colours.series,
    legend: {
      top: 0,
      left: 0,
      icon: "rect",
      itemWidth: 12,
      itemHeight: 12,
      textStyle: { color: colours.text, fontSize: 12 },
    },
    xAxis: { type: "category", data: days, ...axis(colours) },
    yAxis: { type: "value", min: 0, minInterval: 1, ...axis(colours), axisLine: { show: false } },
    series: series.map((one) => ({ ...one, type: "bar", stack: "people", barMaxWidth: 32 })),
  };
}

/** How many tasks took how long: a bar for each doubling. */
export function timesChart(spent: TimeSpent, colours: Colours): EChartsCoreOption {
  const doublings = new Map<number, number>();
  for (const spell of spent.spells) {
    const step = spell.from_seconds < 1 ? -1 : Math.floor(Math.log2(spell.from_seconds) + 1e-9);
    doublings.set(step, (doublings.get(step) ?? 0) + spell.n);
  }
  const [low, high] = [Math.min(...doublings.keys()), Math.max(...doublings.keys())];
  const steps = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  const name = (step: number) =>
    step < 0 ? `< ${words.seconds(1)}` : `${words.seconds(2 ** step)} - ${words.seconds(2 ** (step + 1))}`;
  return {
    ...base(colours),
    grid: { left: 8, right: 16, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: steps.map(name), ...axis(colours) },
    yAxis: { type: "value", min: 0, minInterval: 1, ...axis(colours), axisLine: { show: false } },
    series: [
      {
        type: "bar",
        name: words.tasks,
        data: steps.map((step) => doublings.get(step) ?? 0),
        itemStyle: { color: colours.accent },
        barCategoryGap: "4%",
        barMaxWidth: 96,
      },
    ],
  };
}

const MOST_LABELS = 30;

/** How often each label is there, in the labels' own colours. */
export function labelsChart(rows: readonly LabelCount[], colours: Colours): EChartsCoreOption {
  const shown = rows.slice(0, MOST_LABELS);
  return {
    ...base(colours),
    grid: { left: 8, right: 24, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", min: 0, minInterval: 1, ...axis(colours), axisLine: { show: false } },
    yAxis: {
      type: "category",
      inverse: true,
      data: shown.map((row) => row.name),
      ...axis(colours),
      axisLabel: { color: colours.text, fontSize: 12, width: 160, overflow: "truncate" },
    },
    series: [
      {
        type: "bar",
        name: words.annotations,
        barMaxWidth: 20,
        data: shown.map((row) => ({
          value: row.annotations,
          itemStyle: { color: row.color, borderColor: "#111", borderWidth: 1 },
        })),
      },
    ],
  };
}

export const heightOf = (labels: number): number => 40 + 26 * Math.min(labels, MOST_LABELS);
