/** A box for a few sentences, with its counter; and drafts that outlive a reload. */
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren, Ref } from "preact";
import { useEffect, useId } from "preact/hooks";
import { q } from "../../i18n/questions";
import { TEXT_LIMIT } from "../../protocol/questions";

/** Characters from the end at which the counter speaks up. */
const NEAR = 100;

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // Storage that is full or forbidden: the draft then lasts as long as the page.
  }
}

/** A text that this browser keeps until it is emptied. */
export function useDraft(name: string): Signal<string> {
  const key = `darsgoh.draft.${name}`;
  const text = useSignal(read(key));
  useEffect(() => text.subscribe((value) => write(key, value)), [key]);
  return text;
}

/** Characters as people count them: one for an emoji's code point, not two. */
export function lengthOf(text: string): number {
  return [...text.trim()].length;
}

export function fits(text: string): boolean {
  const length = lengthOf(text);
  return length > 0 && length <= TEXT_LIMIT;
}

export function TextBox(props: {
  label: string;
  /** Show the label only to those who hear the page. */
  quiet?: boolean;
  text: string;
  onText: (text: string) => void;
  onSend: () => void;
  placeholder?: string;
  rows?: number;
  testid: string;
  boxRef?: Ref<HTMLTextAreaElement>;
  children?: ComponentChildren;
}) {
  const id = useId();
  const used = lengthOf(props.text);
  const over = used - TEXT_LIMIT;
  return (
    <form
      class="text-box"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSend();
      }}
    >
      <label for={id} class={props.quiet ? "visually-hidden" : ""}>
        {props.label}
      </label>
      <textarea
        ref={props.boxRef ?? null}
        id={id}
        rows={props.rows ?? 2}
        value={props.text}
        placeholder={props.placeholder}
        aria-invalid={over > 0 ? true : undefined}
        aria-describedby={used > 0 ? `${id}-count` : undefined}
        data-testid={props.testid}
        onInput={(event) => props.onText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.code !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          props.onSend();
        }}
      />
      {used > 0 && (
        <p
          id={`${id}-count`}
          class={over > 0 ? "field-error" : "hint"}
          role={used > TEXT_LIMIT - NEAR ? "status" : undefined}
        >
          {over > 0 ? q().tooLong(over) : q().counter(used, TEXT_LIMIT)}
        </p>
      )}
      {props.children}
    </form>
  );
}
