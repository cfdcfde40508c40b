/** A typed client of the HTTP interface; it knows nothing of pages. */
import type { NewNote, NoteStatus } from "./notes";
import type { Command, Question } from "./questions";
import type { IndexPage, Progress, RecordingFacts } from "./recording";
import type {
  Course,
  CourseDetail,
  Demo,
  Grant,
  GrantRight,
  Joined,
  Language,
  Lesson,
  LessonEvent,
  LessonLists,
  LessonState,
  ModeCosts,
  NewPerson,
  PersonRow,
  Role,
  Session,
} from "./types";

/**
 * What an HTTP call can fail with.
 *
 *   ApiError            the server said no: `code` is stable, `status` is HTTP's
 *   ApiError "offline"  nothing came back (status 0)
 */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly field: string | null;
  /** Seconds the server asks us to wait, if it does. */
  readonly retryAfter: number | null;
  readonly problem: Record<string, unknown>;

  constructor(
    code: string,
    status: number,
    problem: Record<string, unknown> = {},
    retryAfter: number | null = null,
  ) {
    const detail = typeof problem.detail === "string" ? problem.detail : "";
    super(detail || code);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.field = typeof problem.field === "string" ? problem.field : null;
    this.retryAfter = retryAfter;
    this.problem = problem;
  }
}

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** Give the seconds of a Retry-After header, which may be a number or a date. */
export function retryAfterSeconds(value: string | null, now: number): number | null {
  if (!value) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.round((at - now) / 1000));
}

/** Make the error of a response that is not a success, whatever its body is. */
export async function problemOf(response: Response): Promise<ApiError> {
  const retry = retryAfterSeconds(response.headers.get("Retry-After"), Date.now());
  let problem: Record<string, unknown> = {};
  try {
    const body: unknown = await response.json();
    if (body && typeof body === "object") problem = body as Record<string, unknown>;
  } catch {
    // A proxy may answer with a page of its own: the status is then all we know.
  }
  const code = typeof problem.code === "string" ? problem.code : `http-${response.status}`;
  return new ApiError(code, response.status, problem, retry);
}

export interface LessonDraft {
  title: string;
  starts_at?: string;
}

export interface PersonDraft {
  name: string;
  login?: string;
  staff?: boolean;
  language?: Language;
}

export class Api {
  readonly #fetch: Fetch;
  readonly #onDate: (serverTime: number) => void;

  /** `onDate` hears the server's clock (ms since the epoch) with each answer. */
  constructor(fetch: Fetch, onDate: (serverTime: number) => void = () => {}) {
    this.#fetch = fetch;
    this.#onDate = onDate;
  }

  session = () => this.#call<Session>("GET", "/api/session");
  changeSession = (change: { name?: string; language?: Language }) =>
    this.#call<Session>("PATCH", "/api/session", change);
  signIn = (login: string, password: string) =>
    this.#call<Session>("POST", "/api/sign-in", { login, password });
  signInByLink = (token: string) => this.#call<Session>("POST", "/api/sign-in/link", { token });
  signOut = () => this.#call<void>("POST", "/api/sign-out", {});
  setPassword = (password: string, current?: string) =>
    this.#call<void>("POST", "/api/password", current ? { password, current } : { password });
  join = (code: string, name?: string) =>
    this.#call<Joined>("POST", "/api/join", name ? { code, name } : { code });

  courses = async () => (await this.#call<{ courses: Course[] }>("GET", "/api/courses")).courses;
  course = (id: string) => this.#call<CourseDetail>("GET", `/api/courses/${id}`);
  createCourse = (draft: { title: string; description?: string }) =>
    this.#call<Course>("POST", "/api/courses", draft);
  newJoinCode = (course: string) =>
    this.#call<{ join_code: string }>("POST", `/api/courses/${course}/join-code`, {});
  addMember = (course: string, member: { name?: string; login?: string; role: Role }) =>
    this.#call<NewPerson>("POST", `/api/courses/${course}/members`, member);
  removeMember = (course: string, person: string) =>
    this.#call<void>("DELETE", `/api/courses/${course}/members/${person}`);
  createLesson = (course: string, draft: LessonDraft) =>
    this.#call<Lesson>("POST", `/api/courses/${course}/lessons`, draft);
  createEvent = (draft: LessonDraft) =>
    this.#call<Lesson>("POST", "/api/lessons", { ...draft, public: true });

  lessons = () => this.#call<LessonLists>("GET", "/api/lessons");
  lesson = (id: string) => this.#call<Lesson>("GET", `/api/lessons/${id}`);
  setLessonState = (id: string, state: Exclude<LessonState, "scheduled">) =>
    this.#call<Lesson>("POST", `/api/lessons/${id}/state`, { state });
  grant = (id: string, right: GrantRight) =>
    this.#call<Grant>("POST", `/api/lessons/${id}/grant`, { right });

  modes = (id: string) => this.#call<ModeCosts>("GET", `/api/lessons/${id}/modes`);

  recording = (lesson: string) =>
    this.#call<RecordingFacts>("GET", `/api/lessons/${lesson}/recording`);
  recordingIndex = (lesson: string, since: number) =>
    this.#call<IndexPage>("GET", `/api/lessons/${lesson}/recording/index?since=${since}`);
  /** `last` outlives the page. */
  setProgress = (lesson: string, position: number, seen: [number, number][], last: boolean) =>
    this.#call<Progress>(
      "PUT",
      `/api/lessons/${lesson}/recording/progress`,
      { position, seen },
      last,
    );
  /** `about` narrows to kinds that begin so: `slide` for slide.shown and slide.hidden. */
  lessonEvents = (lesson: string, since: number, about = "") =>
    this.#call<{ events: LessonEvent[]; seq: number; more: boolean }>(
      "GET",
      `/api/lessons/${lesson}/events?since=${since}${about && `&about=${about}`}`,
    );

  questions = (lesson: string, offset: number, limit: number) =>
    this.#call<{ questions: Question[]; next: number | null }>(
      "GET",
      `/api/lessons/${lesson}/questions?offset=${offset}&limit=${limit}`,
    );
  similarQuestions = async (lesson: string, text: string) => {
    const path = `/api/lessons/${lesson}/questions/similar?text=${encodeURIComponent(text)}`;
    return (await this.#call<{ questions: Question[] }>("GET", path)).questions;
  };
  bookCommand = (course: string, command: Omit<Command, "lesson">) =>
    this.#call<{ id: string; result: Record<string, unknown> }>(
      "POST",
      `/api/courses/${course}/commands`,
      command,
    );

  announceNote = (lesson: string, note: NewNote) =>
    this.#call<NoteStatus>("POST", `/api/lessons/${lesson}/voice-notes`, note);
  sendNotePiece = (lesson: string, note: string, offset: number, piece: Uint8Array<ArrayBuffer>) =>
    this.#call<NoteStatus>(
      "PUT",
      `/api/lessons/${lesson}/voice-notes/${note}?offset=${offset}`,
      piece,
    );

  people = async () => {
    const body = await this.#call<{ people: PersonRow[] } | PersonRow[]>("GET", "/api/people");
    return Array.isArray(body) ? body : body.people;
  };
  addPerson = (draft: PersonDraft) => this.#call<NewPerson>("POST", "/api/people", draft);
  linkFor = (person: string) =>
    this.#call<{ link: string; expires_at: string }>("POST", `/api/people/${person}/link`, {});

  /** Give what the start page of a demo shows, or null outside a demo. */
  async demo(): Promise<Demo | null> {
    try {
      return await this.#call<Demo>("GET", "/api/demo");
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** For parts of pages that are downloaded later, and bring their calls with them. */
  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#call<T>(method, path, body);
  }

  async #call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
    const init: RequestInit = { method, credentials: "same-origin", cache: "no-store", keepalive };
    if (body instanceof Uint8Array) {
      init.headers = { "Content-Type": "application/octet-stream" };
      init.body = body as Uint8Array<ArrayBuffer>;
    } else if (body !== undefined) {
      init.headers = { "Content-Type": "application/json" };
      init.body = JSON.stringify(body);
    }
    const response = await this.#send(path, init);
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) this.#onDate(date);
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(path, init);
    } catch {
      throw new ApiError("offline", 0);
    }
  }
}
