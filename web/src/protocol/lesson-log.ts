/** What a page knows of a lesson, built from a snapshot and the events after it; pure. */
import type {
  Lesson,
  LessonEvent,
  LessonSnapshot,
  LessonState,
  Presence,
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
}

/** `hole` says that events are missing between what we know and what came: ask for them. */
export interface Applied {
  readonly view: LessonView;
  readonly hole: boolean;
}

export function fromSnapshot(snapshot: LessonSnapshot): LessonView {
  const { seq, lesson, sources, slots, present } = snapshot;
  return { seq, lesson, sources: sources ?? {}, slots: slots ?? {}, present };
}

/** Apply one event; one that is already known changes nothing. */
export function applyEvent(view: LessonView, event: LessonEvent): Applied {
  if (event.lesson !== view.lesson.id || event.seq <= view.seq) return { view, hole: false };
  if ((event.after ?? event.seq - 1) > view.seq) return { view, hole: true };
  return { view: { ...view, ...changes(view, event), seq: event.seq }, hole: false };
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
      return { slots: { ...view.slots, [event.payload.slot as Slot]: source ?? null } };
    default:
      return {};
  }
}

function lessonChange(view: LessonView, state: LessonState): Partial<LessonView> {
  const lesson = { ...view.lesson, state };
  return state === "ended" ? { lesson, sources: {}, slots: {} } : { lesson };
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
