/** Something a button or form begins: busy while it runs, its error kept for showing. */
import { type Signal, useSignal } from "@preact/signals";
import type { ApiError } from "../protocol/api";
import { asApiError } from "./app";

export interface Action {
  busy: Signal<boolean>;
  error: Signal<ApiError | null>;
  run: (work: () => Promise<void>) => Promise<void>;
}

export function useAction(): Action {
  const busy = useSignal(false);
  const error = useSignal<ApiError | null>(null);
  const run = async (work: () => Promise<void>) => {
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    try {
      await work();
    } catch (problem) {
      error.value = asApiError(problem);
    } finally {
      busy.value = false;
    }
  };
  return { busy, error, run };
}
