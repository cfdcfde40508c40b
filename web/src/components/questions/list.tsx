/** A list that stands still while it is read: what is new waits behind a pill. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { q } from "../../i18n/questions";
import type { Question } from "../../protocol/questions";
import { hold } from "../../state/questions-view";
import { Icon } from "../icon";

export interface Steady<T> {
  items: readonly T[];
  fresh: number;
  refresh: () => void;
}

interface Rules<K, T> {
  /** Whether something that is shown may stay where it is. */
  stays?: (item: T) => boolean;
  /** The viewer's own, which wait for nobody. */
  own?: ReadonlySet<K>;
}

/** Hold the order of `now` until `view` changes or `refresh` is called. */
export function useSteadyItems<K, T>(
  view: string,
  now: readonly T[],
  keyOf: (item: T) => K,
  known: ReadonlyMap<K, T>,
  rules: Rules<K, T> = {},
): Steady<T> {
  const held = useSignal<{ view: string; keys: readonly K[] }>({ view, keys: [] });
  const keys = now.map(keyOf);
  const before = held.value;
  const there = (key: K) => {
    const item = known.get(key);
    return item !== undefined && (rules.stays?.(item) ?? true);
  };
  const { shown, fresh } =
    before.view === view ? hold(before.keys, keys, there, rules.own) : { shown: keys, fresh: [] };
  // Remembered without drawing again: it is what is being drawn.
  before.view = view;
  before.keys = shown;
  const refresh = () => {
    held.value = { view, keys };
  };
  const items = shown.flatMap((key) => known.get(key) ?? []);
  return { items, fresh: fresh.length, refresh };
}

/** The same for questions, by their numbers. */
export function useSteady(
  view: string,
  now: readonly Question[],
  known: ReadonlyMap<number, Question>,
  asked: ReadonlySet<number>,
): Steady<Question> {
  return useSteadyItems(view, now, (each) => each.number, known, { own: asked });
}

/** The pill: always in the document, so that its words are read out when they change. */
export function FreshPill(props: {
  steady: Pick<Steady<unknown>, "fresh" | "refresh">;
  words?: (count: number) => string;
}) {
  const { fresh, refresh } = props.steady;
  return (
    <div class="fresh" role="status">
      {fresh > 0 && (
        <button type="button" class="fresh-pill" data-testid="fresh" onClick={refresh}>
          <Icon name="vote" />
          {(props.words ?? q().fresh)(fresh)}
        </button>
      )}
    </div>
  );
}

export function EmptyList({ title, hint }: { title: string; hint: string }): ComponentChildren {
  return (
    <div class="empty empty-small" data-testid="no-questions">
      <p class="empty-title">{title}</p>
      <p class="soft">{hint}</p>
    </div>
  );
}
