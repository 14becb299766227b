import classes from "./Key.module.css";

const TAIL = 14;

/** A file's key on one line: where it is too long the middle is left out, since keys differ at their ends. */
export function Key({ of }: { of: string }) {
  const letters = Array.from(of);
  const tail = letters.slice(-TAIL).join("");
  return (
    <bdi className={classes["key"]} title={of}>
      <span className={classes["head"]}>{letters.slice(0, -TAIL).join("")}</span>
      <span className={classes["tail"]}>{tail}</span>
    </bdi>
  );
}
