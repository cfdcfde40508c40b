/** The library of recordings over HTTP; apart from the rest, since only its own page downloads it. */
import type { Api } from "./api";
import type { CourseRules, KeptFacts, RecordingChange, RecordingList } from "./recording";
import type { Language } from "./types";

/** What is used of a background job that writes captions. */
interface DraftJob {
  readonly kind: string;
  readonly parameters: { readonly language?: string };
  readonly state: string;
  readonly progress: number;
}

export class LibraryApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** `query` is "" or begins with "?". */
  recordings = (query: string) => this.#api.call<RecordingList>("GET", `/api/recordings${query}`);
  recording = (lesson: string) =>
    this.#api.call<KeptFacts>("GET", `/api/lessons/${lesson}/recording`);
  changeRecording = (lesson: string, change: RecordingChange) =>
    this.#api.call<KeptFacts>("POST", `/api/lessons/${lesson}/recording`, change);
  deleteRecording = (lesson: string) =>
    this.#api.call<void>("DELETE", `/api/lessons/${lesson}/recording`);
  restoreRecording = (lesson: string) =>
    this.#api.call<void>("POST", `/api/lessons/${lesson}/recording/restore`, {});
  deleteCaptions = (lesson: string, language: Language) =>
    this.#api.call<void>("DELETE", `/api/lessons/${lesson}/captions/${language}`);
  restoreCaptions = (lesson: string, language: Language) =>
    this.#api.call<void>("POST", `/api/lessons/${lesson}/captions/${language}/restore`, {});
  draftCaptions = (lesson: string, language: Language) =>
    this.#api.call<void>("POST", `/api/lessons/${lesson}/captions/${language}/draft`, {});
  /** How far a machine is with drafts that are not done, 0 to 1, by language. */
  drafting = async (lesson: string): Promise<Partial<Record<Language, number>>> => {
    const path = `/api/jobs?lesson=${lesson}`;
    const { jobs } = await this.#api.call<{ jobs: DraftJob[] }>("GET", path);
    const open = jobs.filter(
      (job) => job.kind === "captions" && /^(queued|running)$/.test(job.state),
    );
    return Object.fromEntries(open.map((job) => [job.parameters.language, job.progress]));
  };
  courseRules = (course: string) =>
    this.#api.call<CourseRules>("GET", `/api/courses/${course}/recordings`);
  setCourseRules = (course: string, rules: CourseRules) =>
    this.#api.call<CourseRules>("PUT", `/api/courses/${course}/recordings`, rules);
}
