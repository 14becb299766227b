import { Fragment, type ReactNode } from "react";
import classes from "./Facts.module.css";

/** Names and values, two columns. Empty values are left out. */
export function Facts({ of }: { of: Record<string, ReactNode> }) {
  return (
    <dl className={classes["facts"]}>
      {Object.entries(of)
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
