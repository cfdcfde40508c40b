/** Loading something for a page: skeleton, then the thing or the reason it is not there. */
import { type Signal, useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import type { ApiError } from "../protocol/api";
import { asApiError } from "./app";

export interface Loaded<T> {
  value: T | null;
  error: ApiError | null;
  loading: boolean;
}

/** Load on mount and when `key` changes; `reload` keeps the old value on the screen meanwhile. */
export function useLoad<T>(
  load: () => Promise<T>,
  key = "",
): { state: Signal<Loaded<T>>; reload: () => Promise<void> } {
  const state = useSignal<Loaded<T>>({ value: null, error: null, loading: true });
  const current = useRef(load);
  const turn = useRef(0);
  current.current = load;
  const reload = useCallback(async () => {
    turn.current += 1;
    const mine = turn.current;
    try {
      const value = await current.current();
      if (mine === turn.current) state.value = { value, error: null, loading: false };
    } catch (error) {
      if (mine !== turn.current) return;
      state.value = { value: state.value.value, error: asApiError(error), loading: false };
    }
  }, [state]);
  useEffect(() => {
    state.value = { value: null, error: null, loading: true };
    void reload();
  }, [key]);
  return { state, reload };
}
