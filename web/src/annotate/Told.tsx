import { useEffect, useRef } from "react";
import type { Signal } from "../canvas/signal";

interface ToldProps<T> {
  signal: Signal<T>;
  text: (value: T) => string;
  className?: string | undefined;
  style?: React.CSSProperties;
}

/** A signal's value as text, written past React: it changes with every move of the pointer. */
export function Told<T>({ signal, text, className, style }: ToldProps<T>) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const tell = (): void => {
      if (place.current) place.current.textContent = text(signal.get());
    };
    tell();
    return signal.subscribe(tell);
  }, [signal, text]);
  return <span ref={place} className={className} style={style} />;
}
