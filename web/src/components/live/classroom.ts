/** What a student's page of a live lesson keeps besides the lesson itself, and what its controls do. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../i18n";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import { remembered } from "../../state/app";
import { expose } from "../../state/debug";
import { type Layout, nextLayout } from "../../state/layout";
import { LiveLesson } from "../../state/live";
import { useShortcuts } from "../../state/shortcuts";
import { hasTapped, rememberTap, useFullscreen, useSound, useWakeLock } from "./browser";

export const chosenLayout = remembered<Layout>("layout", "both");

/** Whether the questions stand beside the lesson. */
export const questionsShown = remembered<boolean>("questions", true);

export interface Classroom {
  readonly live: LiveLesson;
  readonly lesson: Lesson | null;
  readonly canWatch: boolean;
  /** Whether this browser can play a lesson at all. */
  readonly supported: boolean;
  /** Whether there is something to watch, for this person. */
  readonly onAir: boolean;
  readonly watching: boolean;
  /** Whether what was on air can be had again. */
  readonly rewinds: boolean;
  /** Whether the person went out while the lesson goes on. */
  readonly left: boolean;
  readonly muted: Signal<boolean>;
  readonly details: Signal<boolean>;
  readonly keysShown: Signal<boolean>;
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly full: ReturnType<typeof useFullscreen>;
  readonly sound: ReturnType<typeof useSound>;
  watch(): void;
  watchFromStart(): void;
  leave(): void;
}

/** Follow a lesson for as long as its page stands. */
export function useClassroom(id: string): Classroom {
  const live = useMemo(() => new LiveLesson(id), [id]);
  const muted = useSignal(false);
  const left = useSignal(false);
  const details = useSignal(false);
  const keysShown = useSignal(false);
  const stage = useRef<HTMLDivElement>(null);
  const full = useFullscreen(stage);
  const sound = useSound(live);
  const waited = useRef(false);
  const lesson = live.lesson.value;
  const canWatch = useComputed(() => live.lesson.value?.rights.includes("watch") ?? false).value;
  const rehearses = lesson?.state === "practice" && lesson.rights.includes("publish");
  const onAir = lesson?.state === "live" || rehearses;
  const supported = "RTCPeerConnection" in window;

  useEffect(() => {
    live.open();
    expose({ player: () => live.pc, lesson: () => live });
    return () => live.close();
  }, [live]);

  const watchFrom = (from: number | null) => {
    rememberTap(id);
    left.value = false;
    live.watch(from);
    sound.play();
  };
  const watch = () => watchFrom(null);
  const leave = () => {
    live.unwatch();
    left.value = true;
  };

  // Who waited here enters by itself; who tapped before a reload does not tap again.
  useEffect(() => {
    if (lesson?.state === "scheduled" || lesson?.state === "practice") waited.current = true;
    if (!onAir || !canWatch || left.value || live.watching.value || !supported) return;
    if (waited.current || hasTapped(id)) watch();
  }, [lesson?.state, onAir]);

  useEffect(() => {
    if (lesson?.state === "ended") announce(t().endedTitle);
  }, [lesson?.state]);

  const watching = live.watching.value && onAir;
  const rewinds = lesson?.state === "live" && lesson.rights.includes("replay");
  useWakeLock(watching);
  useShortcuts({
    KeyF: full.toggle,
    KeyM: () => {
      muted.value = !muted.value;
    },
    KeyV: () => {
      chosenLayout.value = nextLayout(chosenLayout.value);
    },
    KeyI: () => {
      details.value = !details.value;
    },
  });

  return {
    live,
    lesson,
    canWatch,
    supported,
    onAir,
    watching,
    rewinds,
    left: left.value,
    muted,
    details,
    keysShown,
    stage,
    full,
    sound,
    watch,
    watchFromStart: () => watchFrom(0),
    leave,
  };
}
