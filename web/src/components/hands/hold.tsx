/** A button that counts while it is held, or, for those who can not hold, between two taps. */
import { useEffect, useRef } from "preact/hooks";
import { remembered, shortcutsOn } from "../../state/app";
import { isForPage } from "../../state/shortcuts";
import { Check } from "../basics";
import { Icon, type IconName } from "../icon";

/** Whether this person taps instead of holding; remembered for recording and talking alike. */
export const tapsInstead = remembered<boolean>("tap-to-talk", false);

/** What a press does; `down` and `up` may be told more often than they happen. */
export interface Hold {
  readonly on: boolean;
  down(): void;
  up(): void;
}

/** Places of keys that press what has the focus. */
const PRESSING: ReadonlySet<string> = new Set(["Space", "Enter"]);
/** What has a use of its own for those keys. */
const PRESSABLE = "button, a, summary, input, audio, video";

function holds(hold: Hold) {
  return {
    onPointerDown: (event: PointerEvent & { currentTarget: HTMLElement }) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      hold.down();
    },
    onPointerUp: () => hold.up(),
    onPointerCancel: () => hold.up(),
    onContextMenu: (event: Event) => event.preventDefault(),
    onBlur: () => hold.up(),
    onKeyDown: (event: KeyboardEvent) => {
      if (!PRESSING.has(event.code)) return;
      event.preventDefault();
      hold.down();
    },
    onKeyUp: (event: KeyboardEvent) => {
      if (PRESSING.has(event.code)) hold.up();
    },
  };
}

export function HoldButton(props: { hold: Hold; icon: IconName; words: string; testid: string }) {
  const { hold, icon, words } = props;
  const toggle = { onClick: () => (hold.on ? hold.up() : hold.down()) };
  return (
    <button
      type="button"
      class={`button button-large talk ${hold.on ? "button-danger" : "button-plain"}`}
      aria-pressed={hold.on}
      data-testid={props.testid}
      {...(tapsInstead.value ? toggle : holds(hold))}
    >
      <Icon name={icon} />
      <span>{words}</span>
    </button>
  );
}

export function TapsInstead({ label }: { label: string }) {
  return (
    <Check
      label={label}
      checked={tapsInstead.value}
      onChange={(on) => {
        tapsInstead.value = on;
      }}
    />
  );
}

/** Hold a key, named by its place, anywhere on the page, except where it means something else. */
export function useHoldKey(code: string, hold: Hold): void {
  const current = useRef(hold);
  current.current = hold;
  useEffect(() => {
    let held = false;
    const meant = (event: KeyboardEvent) => {
      if (event.code !== code || !shortcutsOn.value || !isForPage(event)) return false;
      return !PRESSING.has(code) || !(event.target as Element | null)?.closest?.(PRESSABLE);
    };
    const down = (event: KeyboardEvent) => {
      if (!meant(event)) return;
      // A held space bar would scroll the page.
      event.preventDefault();
      if (event.repeat) return;
      held = true;
      current.current.down();
    };
    const up = (event: KeyboardEvent) => {
      if (event.code === code) away();
    };
    const away = () => {
      if (held) current.current.up();
      held = false;
    };
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", away);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", away);
    };
  }, [code]);
}
