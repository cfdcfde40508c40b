/** A part of a page that is downloaded after the page itself, again and again until it is there. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

/** Ms until a download that failed is tried again. */
const AGAIN = 5_000;

export function useLater<P>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> | null {
  const found = useSignal<ComponentType<P> | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const attempt = () =>
      load().then(
        (module) => {
          if (!over) found.value = module.default;
        },
        () => {
          if (!over) timer = setTimeout(() => void attempt(), AGAIN);
        },
      );
    void attempt();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return found.value;
}
