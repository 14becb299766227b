import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 600;

/** Text that is answered when its author pauses or leaves, so that a save isn't made of every letter. */
export function useTyped(value: string, answer: (text: string) => void) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    setText(value);
  }
  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  const latest = useRef(answer);
  useEffect(() => {
    latest.current = answer;
  });
  const settle = (): void => {
    const last = waiting.current;
    if (!last) return;
    clearTimeout(last.timer);
    waiting.current = null;
    latest.current(last.text);
  };
  const type = (now: string): void => {
    setText(now);
    clearTimeout(waiting.current?.timer);
    waiting.current = { text: now, timer: setTimeout(() => settle(), PAUSE_MS) };
  };
  useEffect(
    () => () => {
      const last = waiting.current;
      waiting.current = null;
      clearTimeout(last?.timer);
      if (last) latest.current(last.text);
    },
    [],
  );
  return { text, type, settle };
}
