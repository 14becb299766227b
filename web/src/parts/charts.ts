/** ECharts with no more than our charts need. Loaded by `Chart` alone. */
import { BarChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { type EChartsCoreOption, type EChartsType, init, use as register } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

register([BarChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** Draw a chart into an element that has a size. */
export function draw(place: HTMLElement, option: EChartsCoreOption): EChartsType {
  const chart = init(place);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  chart.setOption({ animation: !still, animationDuration: 120, ...option });
  return chart;
}
