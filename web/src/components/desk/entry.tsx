/** One entry of the teacher's list: what is seen from three metres, its one likely step, and the rest on a tap. */
import type { ComponentChildren, Ref } from "preact";
import type { Item } from "../../state/queue";
import { mainStep } from "../../state/steps";
import { StepButton, StepButtons, type Take } from "./step-button";

export interface EntryProps {
  item: Item;
  selected: boolean;
  /** Whether the likely step stands beside the entry even while it is not chosen. */
  ready: boolean;
  select: () => void;
  take: Take;
}

export const headId = (item: Item) => `entry-${item.key}`;

export function Entry(
  props: EntryProps & {
    testid: string;
    data: Record<`data-${string}`, string | number | null>;
    element?: Ref<HTMLLIElement>;
    /** What it is, in a narrow column. */
    mark: ComponentChildren;
    words: ComponentChildren;
    /** More buttons of a chosen entry, and what stands below them. */
    actions?: ComponentChildren;
    below?: ComponentChildren;
  },
) {
  const { item, selected } = props;
  const main = mainStep(item);
  const shown = main !== null && (props.ready || selected);
  return (
    <li
      ref={props.element ?? null}
      class={`queue-item${selected ? " queue-selected" : ""}`}
      data-testid={props.testid}
      data-key={item.key}
      {...props.data}
    >
      <div class="queue-row">
        <button
          type="button"
          id={headId(item)}
          class="queue-head"
          aria-expanded={selected}
          onClick={props.select}
        >
          {props.mark}
          <span class="queue-words">{props.words}</span>
        </button>
        {shown && (
          <div class="queue-main">
            <StepButton item={item} step={main} take={props.take} />
          </div>
        )}
      </div>
      {selected && (
        <div class="queue-actions">
          <StepButtons item={item} take={props.take} rest />
          {props.actions}
        </div>
      )}
      {props.below}
    </li>
  );
}
