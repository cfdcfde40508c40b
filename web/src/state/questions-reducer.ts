/**
 * Questions as one viewer sees them, built from a snapshot and the events after it.
 *
 * Pure: the live page, the teacher's console and the replay use it alike. A replay applies the
 * events up to the position that is being watched.
 */
import type {
  JoinedQuestions,
  Question,
  QuestionSettings,
  QuestionState,
  WrittenAnswer,
} from "../protocol/questions";
import type { LessonEvent } from "../protocol/types";

export interface Viewer {
  /** Null for somebody who is not signed in. */
  readonly person: string | null;
  readonly teacher: boolean;
}

/** What is known of a question whose whole has not come yet. */
type Part = Partial<Question> & { readonly number: number };

export interface Questions {
  readonly seq: number;
  readonly settings: QuestionSettings;
  readonly onScreen: number | null;
  readonly known: ReadonlyMap<number, Question>;
  /** Pieces of questions beyond the list we were given; shown once the whole is known. */
  readonly parts: ReadonlyMap<number, Part>;
  /** Whether the server has questions that we were not given. */
  readonly more: boolean;
  readonly asked: ReadonlySet<number>;
  readonly voted: ReadonlySet<number>;
}

export const NOTHING: Questions = {
  seq: 0,
  settings: { anonymous: true, review: false, paused: false },
  onScreen: null,
  known: new Map(),
  parts: new Map(),
  more: false,
  asked: new Set(),
  voted: new Set(),
};

/** States that only teachers and the asker see. */
const PRIVATE: ReadonlySet<QuestionState> = new Set(["in-review", "dismissed", "withdrawn"]);

/** Take the answer to a join: a new list, or the events since the last number we knew. */
export function join(before: Questions, joined: JoinedQuestions, viewer: Viewer): Questions {
  const mine = { asked: new Set(joined.my.asked), voted: new Set(joined.my.voted) };
  if (joined.questions === null) {
    const after = applyAll({ ...before, ...mine }, joined.events, viewer);
    return { ...after, ...mine, seq: Math.max(after.seq, joined.seq) };
  }
  const { settings, on_screen, list, more } = joined.questions;
  return {
    seq: joined.seq,
    settings,
    onScreen: on_screen,
    known: new Map(list.map((each) => [each.number, each])),
    parts: new Map(),
    more,
    ...mine,
  };
}

/** Apply one event; what is known already, or is no question's, changes only the number. */
export function apply(before: Questions, event: LessonEvent, viewer: Viewer): Questions {
  if (event.seq <= before.seq) return before;
  return { ...changed(before, event, viewer), seq: event.seq };
}

export function applyAll(
  before: Questions,
  events: readonly LessonEvent[],
  viewer: Viewer,
): Questions {
  return events.reduce((state, event) => apply(state, event, viewer), before);
}

/** Give what was to be seen at a position (ms) of the lesson's clock. */
export function at(
  start: Questions,
  events: readonly LessonEvent[],
  position: number,
  viewer: Viewer,
): Questions {
  return applyAll(
    start,
    events.filter((event) => event.position <= position),
    viewer,
  );
}

/** Take in questions that were asked for; what we know of later versions stays. */
export function load(before: Questions, found: readonly Question[], more: boolean): Questions {
  const known = new Map(before.known);
  const parts = new Map(before.parts);
  for (const each of found) {
    const have = known.get(each.number);
    if (have && have.version >= each.version) continue;
    const part = parts.get(each.number);
    known.set(each.number, newer(each, part) ? { ...each, ...part } : each);
    parts.delete(each.number);
  }
  return { ...before, known, parts, more };
}

function newer(whole: Question, part: Part | undefined): boolean {
  return part !== undefined && (part.version ?? 0) > whole.version;
}

/** Note our own vote as the server has counted it. */
export function vote(before: Questions, number: number, on: boolean, votes: number): Questions {
  const voted = new Set(before.voted);
  if (on) voted.add(number);
  else voted.delete(number);
  return { ...withVotes(before, { [number]: votes }), voted };
}

/** Note what another page of the same person has voted for. */
export function voteElsewhere(
  before: Questions,
  changes: Readonly<Record<string, boolean>>,
): Questions {
  const voted = new Set(before.voted);
  for (const [number, on] of Object.entries(changes)) {
    if (on) voted.add(Number(number));
    else voted.delete(Number(number));
  }
  return { ...before, voted };
}

/** Note that a question is ours, as soon as the server has said its number. */
export function own(before: Questions, number: number): Questions {
  if (before.asked.has(number)) return before;
  return { ...before, asked: new Set(before.asked).add(number) };
}

function changed(before: Questions, event: LessonEvent, viewer: Viewer): Questions {
  const { kind, payload } = event;
  switch (kind) {
    case "question.votes":
      return withVotes(before, payload.votes as Record<string, number>);
    case "question.seen":
      return withSeen(before, payload.questions as number[]);
    case "questions.shown":
      return { ...before, onScreen: payload.question as number | null };
    case "questions.settings": {
      const { anonymous, review, paused } = payload as unknown as QuestionSettings;
      return { ...before, settings: { anonymous, review, paused } };
    }
    case "answer.given":
    case "answer.edited":
    case "answer.marked":
    case "answer.removed":
      return withAnswer(before, payload, kind === "answer.removed");
    default: {
      const part = payload.question;
      if (!kind.startsWith("question.") || !isPart(part)) return before;
      return withPart(before, part, viewer);
    }
  }
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && "number" in value;
}

function isWhole(part: Part): part is Question {
  return part.text !== undefined && part.state !== undefined && part.answers !== undefined;
}

/** The one rule of the protocol: merge what is new, then drop what the viewer may not see. */
function withPart(before: Questions, part: Part, viewer: Viewer): Questions {
  const { number } = part;
  const mine = viewer.person !== null && part.asker?.id === viewer.person;
  const state = mine ? own(before, number) : before;
  const merged = { ...(state.known.get(number) ?? state.parts.get(number)), ...part };
  const known = new Map(state.known);
  const parts = new Map(state.parts);
  known.delete(number);
  parts.delete(number);
  if (isHidden(merged, state, viewer)) return { ...state, known, parts };
  if (isWhole(merged)) known.set(number, merged);
  else parts.set(number, merged);
  return { ...state, known, parts };
}

function isHidden(part: Part, state: Questions, viewer: Viewer): boolean {
  if (viewer.teacher || state.asked.has(part.number)) return false;
  return part.state !== undefined && PRIVATE.has(part.state);
}

/** Change one question wherever it is kept; one we know nothing of stays unknown. */
function edit(
  before: Questions,
  number: number,
  change: (question: Part) => Partial<Question>,
): Questions {
  const whole = before.known.get(number);
  if (whole) {
    return { ...before, known: new Map(before.known).set(number, { ...whole, ...change(whole) }) };
  }
  const part = before.parts.get(number) ?? { number };
  return { ...before, parts: new Map(before.parts).set(number, { ...part, ...change(part) }) };
}

function withVotes(before: Questions, votes: Readonly<Record<string, number>>): Questions {
  return Object.entries(votes).reduce(
    (state, [number, count]) => edit(state, Number(number), () => ({ votes: count })),
    before,
  );
}

function withSeen(before: Questions, numbers: readonly number[]): Questions {
  return numbers.reduce((state, number) => edit(state, number, () => ({ seen: true })), before);
}

function withAnswer(
  before: Questions,
  payload: Readonly<Record<string, unknown>>,
  removed: boolean,
): Questions {
  const { number } = payload.question as { number: number };
  const answer = payload.answer as WrittenAnswer;
  // Without the whole question its answers are not known either; they come with it.
  if (!before.known.has(number)) return before;
  return edit(before, number, ({ answers = [] }) => {
    const others = answers.filter((each) => each.answer !== answer.answer);
    if (removed) return { answers: others };
    const old = answers.find((each) => each.answer === answer.answer);
    return { answers: [...others, { ...old, ...answer }].sort((a, b) => a.answer - b.answer) };
  });
}

/** The state as plain data, for comparing what two pages, or a page and the server, know. */
export function plain(state: Questions): Record<string, unknown> {
  const byNumber = (a: number, b: number) => a - b;
  return {
    settings: state.settings,
    on_screen: state.onScreen,
    questions: [...state.known.values()].sort((a, b) => a.number - b.number),
    my: {
      asked: [...state.asked].sort(byNumber),
      voted: [...state.voted].sort(byNumber),
    },
  };
}
