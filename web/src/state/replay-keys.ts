/** The keys of the replay, by the place of the key: a Cyrillic layout does not break them. */
import { useEffect, useRef } from "preact/hooks";
import { shortcutsOn } from "./app";
import { isShortcut } from "./shortcuts";

export type ReplayAction =
  | {
      readonly name:
        | "play"
        | "mute"
        | "captions"
        | "layout"
        | "swap"
        | "fullscreen"
        | "search"
        | "help";
    }
  | { readonly name: "step" | "frame"; readonly seconds: number }
  | { readonly name: "volume" | "speed" | "chapter"; readonly up: boolean }
  | { readonly name: "share"; readonly of: number };

/** Seconds of a picture at 25 in a second. */
const FRAME = 0.04;

const PLAIN: Readonly<Record<string, ReplayAction>> = {
  Space: { name: "play" },
  KeyK: { name: "play" },
  KeyJ: { name: "step", seconds: -10 },
  KeyL: { name: "step", seconds: 10 },
  ArrowLeft: { name: "step", seconds: -5 },
  ArrowRight: { name: "step", seconds: 5 },
  ArrowUp: { name: "volume", up: true },
  ArrowDown: { name: "volume", up: false },
  Home: { name: "share", of: 0 },
  End: { name: "share", of: 1 },
  Comma: { name: "frame", seconds: -FRAME },
  Period: { name: "frame", seconds: FRAME },
  KeyV: { name: "layout" },
  KeyS: { name: "swap" },
  KeyM: { name: "mute" },
  KeyC: { name: "captions" },
  KeyF: { name: "fullscreen" },
  KeyN: { name: "chapter", up: true },
  KeyP: { name: "chapter", up: false },
  Slash: { name: "search" },
};

const SHIFTED: Readonly<Record<string, ReplayAction>> = {
  Comma: { name: "speed", up: false },
  Period: { name: "speed", up: true },
  Slash: { name: "help" },
};

/** Say what a key means; null if nothing. */
export function actionOf(event: { code: string; shiftKey: boolean }): ReplayAction | null {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit && !event.shiftKey) return { name: "share", of: Number(digit[1]) / 10 };
  return (event.shiftKey ? SHIFTED : PLAIN)[event.code] ?? null;
}

/** Keys that buttons, links, lists and choices need for themselves. */
const OWN = /^(Space|Enter|Arrow\w+|Home|End)$/;

export function isTaken(event: { code: string; target: EventTarget | null }): boolean {
  const target = event.target as { tagName?: string; type?: string } | null;
  if (!target?.tagName || !OWN.test(event.code)) return false;
  if (target.tagName === "INPUT") return target.type !== "range";
  return /^(BUTTON|A|SELECT|SUMMARY)$/.test(target.tagName);
}

/** Listen for the replay's keys while shortcuts are on; for those that are `wanted`. */
export function useReplayKeys(
  act: (action: ReplayAction) => void,
  wanted: (action: ReplayAction) => boolean = () => true,
): void {
  const current = useRef({ act, wanted });
  current.current = { act, wanted };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionOf(event);
      if (!action || !shortcutsOn.value || isTaken(event) || !current.current.wanted(action))
        return;
      // Held arrows go on; everything else happens once.
      if (!isShortcut({ ...keysOf(event), repeat: event.repeat && action.name !== "step" })) return;
      event.preventDefault();
      current.current.act(action);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

function keysOf({ code, ctrlKey, altKey, metaKey, target }: KeyboardEvent) {
  return { code, ctrlKey, altKey, metaKey, target };
}
