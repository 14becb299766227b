import { Search, X } from "lucide-react";
import { useState } from "react";
import { useSchema } from "../../api/labels";
import { QueryInput } from "../../parts/QueryInput";
import { words } from "../../words";
import classes from "./Data.module.css";

interface QueryBarProps {
  project: number;
  dataset?: number | undefined;
  /** The query that is asked now. */
  asked: string;
  onAsk: (query: string) => void;
}

/** A query with ways to go on while it is written; what is wrong with it stands under the very place. */
export function QueryBar({ project, dataset, asked, onAsk }: QueryBarProps) {
  const [text, setText] = useState(asked);
  const [seen, setSeen] = useState(asked);
  if (asked !== seen) {
    // The address changed under us: by the browser's back button, or by a link.
    setSeen(asked);
    setText(asked);
  }
  const { data: schema } = useSchema(project);
  return (
    <div className={classes["query"]}>
      <QueryInput
        project={project}
        dataset={dataset}
        value={text}
        onChange={setText}
        onAsk={(query) => onAsk(query.trim())}
        aria-label={words.data.query}
        placeholder={words.data.queryExample(schema?.labels?.[0]?.name)}
        leftSection={<Search size={16} aria-hidden />}
        rightSection={
          text !== "" && (
            <button
              type="button"
              className={classes["clear"]}
              aria-label={words.data.clearQuery}
              onClick={() => {
                setText("");
                onAsk("");
              }}
            >
              <X size={16} aria-hidden />
            </button>
          )
        }
        below={(problem, at) => (
          <p className={classes["problem"]} role="status">
            {at != null && (
              <span aria-hidden className={classes["place"]}>
                {" ".repeat(at)}^
              </span>
            )}
            {problem}
          </p>
        )}
      />
    </div>
  );
}
