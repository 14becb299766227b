import { useMantineColorScheme } from "@mantine/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { Fault } from "./Fault";
import { Loading } from "./Loading";

interface ChartProps {
  /** What it shows, for those who don't see it. */
  label: string;
  option: (colours: Colours) => EChartsCoreOption;
  height?: number;
}

export interface Colours {
  text: string;
  muted: string;
  line: string;
  accent: string;
  bg: string;
  /** For series that are told apart by colour: never status colours. */
  series: string[];
}

const SERIES_LIGHT = ["#2b5fd9", "#b06a00", "#7a4fc9", "#0b7d8c", "#a3366f", "#5a6b1e", "#4a5563", "#1d8a63"];
const SERIES_DARK = ["#86a9ff", "#f0b45a", "#c3a5ff", "#66cfdd", "#f29cc8", "#c3d477", "#b4bcc7", "#74d8ae"];

/** A chart, whose library is loaded when the first one is shown. A table with the same figures belongs beside it. */
export function Chart({ label, option, height = 260 }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [ready, setReady] = useState(false);
  const { colorScheme } = useMantineColorScheme();
  useEffect(() => {
    let chart: EChartsType | undefined;
    let over = false;
    const fit = new ResizeObserver(() => chart?.resize());
    import("./charts")
      .then(({ draw }) => {
        if (over || place.current === null) return;
        chart = draw(place.current, option(coloursOf(place.current)));
        fit.observe(place.current);
        setReady(true);
      })
      .catch(setError);
    return () => {
      over = true;
      fit.disconnect();
      chart?.dispose();
    };
  }, [option, colorScheme]);
  return (
    <div>
      <Fault error={error} />
      {!ready && error === null && <Loading />}
      <div ref={place} role="img" aria-label={label} style={{ height: error === null ? height : 0 }} />
    </div>
  );
}

function coloursOf(place: HTMLElement): Colours {
  const style = getComputedStyle(place);
  const of = (name: string) => style.getPropertyValue(name).trim();
  const dark = document.documentElement.dataset["mantineColorScheme"] === "dark";
  return {
    text: of("--text"),
    muted: of("--muted"),
    line: of("--line"),
    accent: of("--accent"),
    bg: of("--bg"),
    series: dark ? SERIES_DARK : SERIES_LIGHT,
  };
}
