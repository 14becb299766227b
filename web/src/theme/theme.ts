/** The looks: one theme for Mantine, and the colours as CSS variables for everything else. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";
import { words } from "../words";

const one = (light: string, shades: string[]): MantineColorsTuple =>
  [...shades, light] as unknown as MantineColorsTuple;

/** Index 6 is what light pages use, index 4 what dark ones use. */
const accent = one("#16357f", [
  "#eef3fe",
  "#dbe5fc",
  "#b9cdfb",
  "#a0bcfd",
  "#86a9ff",
  "#5683ef",
  "#2b5fd9",
  "#2453c2",
  "#1d45a3",
]);

const HEADING = { fontSize: 16, fontWeight: 600, lineHeight: "24px" };

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  colors: { accent },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "16px", sm: "20px", md: "20px", lg: "24px", xl: "28px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "2px", sm: "4px", md: "4px", lg: "8px", xl: "8px" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "28px" },
      h2: { fontSize: "16px", lineHeight: "24px" },
      h3: { fontSize: "14px", lineHeight: "20px" },
    },
  },
  components: {
    Button: {
      defaultProps: { size: "compact-md" },
      // The library picks the text's colour by the light page's shade, which dark pages don't have.
      vars: (_: unknown, props: { variant?: string; color?: string }) => ({
        root:
          (props.variant ?? "filled") === "filled" && props.color === undefined
            ? { "--button-color": "var(--on-accent)" }
            : {},
      }),
    },
    // The library's red is too light on white to be read.
    Alert: {
      vars: (_: unknown, props: { color?: string }) => ({
        root: props.color === "red" ? { "--alert-color": "var(--fail)", "--alert-bd": "1px solid var(--fail)" } : {},
      }),
    },
    Input: {
      vars: (_: unknown, props: { error?: unknown }) => ({
        wrapper: props.error ? {} : { "--input-bd": "var(--border)", "--input-bg": "var(--bg)" },
      }),
    },
    TextInput: { defaultProps: { size: "sm" } },
    InputWrapper: { styles: { description: { fontSize: 12, lineHeight: "16px" }, error: { fontSize: 12 } } },
    Table: { styles: { table: { fontSize: 14 } } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": words.actions.close } } },
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 120 } } },
    // The library puts a thing that takes the focus into menus, which is no item of theirs.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Modal: { defaultProps: { transitionProps: { duration: 120 }, centered: true }, styles: { title: HEADING } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } }, styles: { title: HEADING } },
  },
});

const light = {
  bg: "#ffffff",
  surface: "#f6f7f9",
  line: "#dfe2e7",
  border: "#858d98",
  text: "#1a1d21",
  muted: "#5b636e",
  accent: "#2b5fd9",
  onAccent: "#ffffff",
  ok: "#1b7a4b",
  warn: "#8f5f00",
  fail: "#c2301c",
};

const dark: typeof light = {
  bg: "#15171a",
  surface: "#1d2025",
  line: "#30353c",
  border: "#6b7480",
  text: "#e7e9ec",
  muted: "#9ba3ae",
  accent: "#86a9ff",
  onAccent: "#15171a",
  ok: "#5cc08a",
  warn: "#e0b040",
  fail: "#ff8474",
};

function variables(colours: typeof light): Record<string, string> {
  return {
    "--bg": colours.bg,
    "--surface": colours.surface,
    "--line": colours.line,
    "--border": colours.border,
    "--text": colours.text,
    "--muted": colours.muted,
    "--accent": colours.accent,
    "--on-accent": colours.onAccent,
    "--ok": colours.ok,
    "--warn": colours.warn,
    "--fail": colours.fail,
    "--mantine-color-body": colours.bg,
    "--mantine-color-text": colours.text,
    "--mantine-color-dimmed": colours.muted,
    "--mantine-color-placeholder": colours.muted,
    "--mantine-color-anchor": colours.accent,
    "--mantine-color-error": colours.fail,
    "--mantine-color-default": colours.bg,
    "--mantine-color-default-hover": colours.surface,
    "--mantine-color-default-border": colours.border,
    "--mantine-color-default-color": colours.text,
  };
}

export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: variables(light),
  dark: variables(dark),
});

/** What differs between two states. On media, in comparisons alone, where no label has its own colour. */
export const DIFF_COLOURS = { added: "#3DDC97", changed: "#F2C230", removed: "#FF6B5E" } as const;

/** Colours of labels, in the order they are given out. On media, swatches and label charts alone. */
export const LABEL_COLOURS = [
  "#E69F00",
  "#56B4E9",
  "#009E73",
  "#F0E442",
  "#3D9BE0",
  "#D55E00",
  "#CC79A7",
  "#FFFFFF",
] as const;
