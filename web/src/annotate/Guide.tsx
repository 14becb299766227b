import type { ReactNode } from "react";
import { annotate as words } from "../words/annotate";
import classes from "./Screen.module.css";

/** The template's guide: headings, lists, emphasis, code and links of Markdown, and nothing that could run. */
export function Guide({ text }: { text: string }) {
  if (text.trim() === "") return <p className="muted">{words.guide.none}</p>;
  return <div className={classes["guide"]}>{blocks(text)}</div>;
}

function blocks(text: string): ReactNode[] {
  return text
    .split(/\n\s*\n/)
    .filter((block) => block.trim() !== "")
    .flatMap((block, at) => {
      const heading = /^(#{1,4})\s+([^\n]*)\n?([^]*)$/.exec(block.trim());
      if (!heading) return [paragraph(block, at)];
      const rest = heading[3]?.trim() ?? "";
      const title = <h3 key={`${at} title`}>{inline(heading[2] ?? "")}</h3>;
      return rest === "" ? [title] : [title, paragraph(rest, at)];
    });
}

function paragraph(block: string, key: number): ReactNode {
  const lines = block.trim().split("\n");
  if (lines.every((line) => /^\s*[-*]\s/.test(line))) {
    return <ul key={key}>{lines.map((line, at) => item(line.replace(/^\s*[-*]\s+/, ""), at))}</ul>;
  }
  if (lines.every((line) => /^\s*\d+[.)]\s/.test(line))) {
    return <ol key={key}>{lines.map((line, at) => item(line.replace(/^\s*\d+[.)]\s+/, ""), at))}</ol>;
  }
  return <p key={key}>{inline(lines.join("\n"))}</p>;
}

const item = (text: string, key: number): ReactNode => <li key={key}>{inline(text)}</li>;

const MARKS = /(\*\*[^*]+\*\*|\*[^*\s](?:[^*\n]*[^*\s])?\*|`[^`]+`|\[[^\]]+\]\(https?:\/\/[^)\s]+\))/;

function inline(text: string): ReactNode[] {
  return text.split(MARKS).map((part, at) => {
    if (part.startsWith("**")) return <strong key={at}>{part.slice(2, -2)}</strong>;
    if (/^\*[^*]+\*$/.test(part)) return <em key={at}>{part.slice(1, -1)}</em>;
    if (part.startsWith("`")) return <code key={at}>{part.slice(1, -1)}</code>;
    const link = /^\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)$/.exec(part);
    if (!link) return part;
    return (
      <a key={at} href={link[2]} target="_blank" rel="noreferrer noopener">
        {link[1]}
      </a>
    );
  });
}
