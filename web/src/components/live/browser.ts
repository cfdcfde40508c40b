/** What the live page asks of its browser: sound, a screen that stays on, more room for the picture. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { LiveLesson } from "../../state/live";

/** Remember for this tab that the person has tapped, so that a reload goes straight on. */
export function rememberTap(lesson: string): void {
  try {
    sessionStorage.setItem(`darsgoh.watching.${lesson}`, "1");
  } catch {
    // Then a reload asks for one more tap.
  }
}

export function hasTapped(lesson: string): boolean {
  try {
    return sessionStorage.getItem(`darsgoh.watching.${lesson}`) !== null;
  } catch {
    return false;
  }
}

/** The sound of the lesson; pictures are always silent. */
export function useSound(live: LiveLesson) {
  const blocked = live.soundBlocked;
  const voice = useRef<HTMLAudioElement>(null);
  const guest = useRef<HTMLAudioElement>(null);
  const start = (element: HTMLAudioElement | null) => {
    element?.play().then(
      () => {
        blocked.value = false;
      },
      (problem: unknown) => {
        // An element that has no stream yet, or got a new one meanwhile, fails in other ways: no harm.
        if (problem instanceof DOMException && problem.name === "NotAllowedError") {
          blocked.value = true;
        }
      },
    );
  };
  useSignalEffect(() => {
    for (const [ref, stream] of [
      [voice, live.voices.voice.value],
      [guest, live.voices["guest-voice"].value],
    ] as const) {
      const element = ref.current;
      if (!element || element.srcObject === stream) continue;
      element.srcObject = stream;
      if (stream) start(element);
    }
  });
  // Both in the same tap: after an await it no longer counts in Safari.
  const play = () => {
    start(voice.current);
    start(guest.current);
  };
  return { voice, guest, play };
}

export function useWakeLock(wanted: boolean): void {
  useEffect(() => {
    if (!wanted || !("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const ask = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        lock = await navigator.wakeLock.request("screen");
        if (over) await lock.release();
      } catch {
        // A low battery may forbid it; the lesson goes on.
      }
    };
    void ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, [wanted]);
}

export function useFullscreen(element: { current: HTMLElement | null }) {
  const on = useSignal(false);
  useEffect(() => {
    const look = () => {
      on.value = document.fullscreenElement !== null;
    };
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, [on]);
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void element.current?.requestFullscreen?.().catch(() => {});
  };
  return { on, toggle, possible: document.fullscreenEnabled === true };
}

/** Show a picture of a stage in a window of its own, the large one if none is named. */
export async function togglePip(stage: HTMLElement | null, place = "main"): Promise<void> {
  const video = stage?.querySelector<HTMLVideoElement>(`[data-place="${place}"] video`);
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await video?.requestPictureInPicture();
  } catch {
    // No picture yet, or the system says no: nothing is lost.
  }
}
