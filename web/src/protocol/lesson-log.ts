/** What a page knows of a lesson, built from a snapshot and the events after it; pure. */
import { pageShown, type ScreenStill, type Slide } from "./slides";
import type {
  Lesson,
  LessonEvent,
  LessonSnapshot,
  LessonState,
  Presence,
  Recorded,
  Slot,
  Source,
  SourceState,
} from "./types";

export interface LessonView {
  readonly seq: number;
  readonly lesson: Lesson;
  readonly sources: Readonly<Partial<Record<Source, SourceState>>>;
  readonly slots: Readonly<Partial<Record<Slot, Source | null>>>;
  readonly present: Presence;
  /** The uploaded slide that is shown now. */
  readonly slide: Slide | null;
  /** What the screen that is shared now showed last as a picture. */
  readonly still: ScreenStill | null;
  readonly recording: Recorded | null;
}

/** `hole` says that events are missing between what we know and what came: ask for them. */
export interface Applied {
  readonly view: LessonView;
  readonly hole: boolean;
}

export function fromSnapshot(snapshot: LessonSnapshot): LessonView {
  const { seq, lesson, sources, slots, present, slide, still, recording } = snapshot;
  return {
    seq,
    lesson,
    sources: sources ?? {},
    slots: slots ?? {},
    present,
    slide: slide ?? null,
    still: still ?? null,
    recording: recording ?? null,
  };
}

/** Apply one event; one that is already known changes nothing. */
export function applyEvent(view: LessonView, event: LessonEvent): Applied {
  if (event.lesson !== view.lesson.id || event.seq <= view.seq) return { view, hole: false };
  if ((event.after ?? event.seq - 1) > view.seq) return { view, hole: true };
  return { view: { ...view, ...changes(view, event), seq: event.seq }, hole: false };
}

/** A lesson that is followed: after a hole, events wait until a join has filled it. */
export interface Log {
  readonly view: LessonView | null;
  /** Events that came while something before them was missing. */
  readonly early: readonly LessonEvent[];
  /** Whether a join is wanted or under way. */
  readonly behind: boolean;
}

export const NO_LOG: Log = { view: null, early: [], behind: true };

export interface Taken {
  readonly log: Log;
  /** What is new, in order. */
  readonly events: readonly LessonEvent[];
  /** Whether a join is needed that was not needed before. */
  readonly hole: boolean;
}

/** Take one event. What a hole hides is not passed over: its number stays what we ask `since`. */
export function take(log: Log, event: LessonEvent): Taken {
  const wait = { ...log, early: [...log.early, event], behind: true };
  if (log.behind || !log.view) return { log: wait, events: [], hole: false };
  const { view, hole } = applyEvent(log.view, event);
  if (hole) return { log: wait, events: [], hole };
  return view === log.view
    ? { log, events: [], hole }
    : { log: { ...log, view }, events: [event], hole };
}

/** Take the answer to a join, and then what came before it was here. */
export function catchUp(log: Log, view: LessonView): Taken {
  let taken: Taken = { log: { view, early: [], behind: false }, events: [], hole: false };
  for (const event of log.early) {
    const next = take(taken.log, event);
    const events = [...taken.events, ...next.events];
    taken = { log: next.log, events, hole: taken.hole || next.hole };
  }
  return taken;
}

const STATES: Record<string, LessonState> = {
  "lesson.practice": "practice",
  "lesson.live": "live",
  "lesson.ended": "ended",
};

function changes(view: LessonView, event: LessonEvent): Partial<LessonView> {
  const state = STATES[event.kind];
  if (state) return lessonChange(view, state);
  const source = event.payload.source as Source | null;
  switch (event.kind) {
    case "source.added":
      return source ? { sources: withSource(view, source, event, "active") } : {};
    case "source.resumed":
      return source ? { sources: withSource(view, source, event, "active") } : {};
    case "source.stalled":
      return source ? { sources: withSource(view, source, event, "stalled") } : {};
    case "source.removed": {
      if (!source) return {};
      const sources = { ...view.sources };
      delete sources[source];
      return { sources };
    }
    case "slot.changed":
      return {
        slots: { ...view.slots, [event.payload.slot as Slot]: source ?? null },
        ...(event.payload.slot === "screen" && { still: null }),
      };
    case "slide.shown": {
      const slide = pageShown(event.payload);
      return slide
        ? { slide: { ...slide, at: event.position } }
        : { still: event.payload as unknown as ScreenStill };
    }
    case "slide.hidden":
      return { slide: null };
    case "recording.low-disk":
    case "recording.stopped":
    case "recording.started":
    case "recording.gap":
      return { recording: recordingAfter(view.recording, event) };
    default:
      return {};
  }
}

function lessonChange(view: LessonView, state: LessonState): Partial<LessonView> {
  const lesson = { ...view.lesson, state };
  if (state === "ended") return { lesson, sources: {}, slots: {}, recording: null };
  return state === "live" ? { lesson, recording: { state: "on" } } : { lesson };
}

function recordingAfter(before: Recorded | null, { kind, payload }: LessonEvent): Recorded {
  const known = before ?? { state: "on" };
  switch (kind) {
    case "recording.low-disk":
      return { ...known, state: "stopped", why: "disk", free: Number(payload.free) };
    case "recording.stopped":
      return { ...known, state: "stopped", why: payload.why === "disk" ? "disk" : "server" };
    case "recording.started": {
      const { why, ...rest } = known;
      return { ...rest, state: "on" };
    }
    default:
      return isLoss(payload)
        ? { ...known, gap: payload as unknown as NonNullable<Recorded["gap"]> }
        : known;
  }
}

/** Ms of a gap that are worth a word; a reloaded page is back sooner. */
const WORTH_A_WORD = 5_000;

/** Whether something is missing that was to be recorded; cameras that were turned off are not. */
function isLoss(payload: LessonEvent["payload"]): boolean {
  const ours = payload.why !== "source" || payload.track === "voice";
  return ours && Number(payload.for) >= WORTH_A_WORD;
}

function withSource(
  view: LessonView,
  source: Source,
  event: LessonEvent,
  state: SourceState["state"],
): LessonView["sources"] {
  const participant = event.payload.participant ?? view.sources[source]?.participant ?? "";
  return { ...view.sources, [source]: { state, participant: String(participant) } };
}
