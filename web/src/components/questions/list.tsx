/** A list that stands still while it is read: what is new waits behind a pill. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { q } from "../../i18n/questions";
import type { Question } from "../../protocol/questions";
import { hold } from "../../state/questions-view";
import { Icon } from "../icon";

export interface Steady {
  items: readonly Question[];
  fresh: number;
  refresh: () => void;
}

/** Hold the order of `now` until `view` changes or `refresh` is called. */
export function useSteady(
  view: string,
  now: readonly Question[],
  known: ReadonlyMap<number, Question>,
  rules: {
    /** Whether a question that is shown may stay where it is. */
    stays?: (question: Question) => boolean;
    /** The viewer's own questions, which wait for nobody. */
    asked?: ReadonlySet<number>;
  } = {},
): Steady {
  const held = useSignal<{ view: string; numbers: readonly number[] }>({ view, numbers: [] });
  const numbers = now.map((each) => each.number);
  const before = held.value;
  const { shown, fresh } =
    before.view === view
      ? hold(
          before.numbers,
          numbers,
          (number) => {
            const question = known.get(number);
            return question !== undefined && (rules.stays?.(question) ?? true);
          },
          rules.asked,
        )
      : { shown: numbers, fresh: [] };
  // Remembered without drawing again: it is what is being drawn.
  before.view = view;
  before.numbers = shown;
  const refresh = () => {
    held.value = { view, numbers };
  };
  const items = shown.flatMap((number) => known.get(number) ?? []);
  return { items, fresh: fresh.length, refresh };
}

/** The pill: always in the document, so that its words are read out when they change. */
export function FreshPill({ steady }: { steady: Steady }) {
  return (
    <div class="fresh" role="status">
      {steady.fresh > 0 && (
        <button type="button" class="fresh-pill" data-testid="fresh" onClick={steady.refresh}>
          <Icon name="vote" />
          {q().fresh(steady.fresh)}
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
