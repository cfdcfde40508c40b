/** What is made of recordings in the background, over HTTP: files to keep, jobs. */
import { type Api, ApiError } from "./api";

/** One file that can be kept; `bytes` is about right until it is ready. */
export interface Download {
  readonly name: "screen" | "camera" | "voice" | "pack";
  readonly kind: "mp4" | "m4a" | "html";
  readonly bytes: number;
  readonly state: "none" | "queued" | "running" | "failed" | "ready";
  /** 0 to 1. */
  readonly progress?: number;
  readonly ends_at?: string | null;
}

interface Pack {
  readonly state: "none" | "making" | "made";
  readonly progress: number;
  readonly bytes: number;
}

export interface Job {
  readonly id: string;
  readonly lesson: string;
  readonly title: string;
  readonly kind: string;
  readonly state: "queued" | "running" | "done" | "failed" | "cancelled";
  /** 0 to 1. */
  readonly progress: number;
  readonly ends_at: string | null;
  /** A stable code. */
  readonly reason: string | null;
  readonly log: readonly { readonly at: string; readonly text: string }[];
}

const PACK_STATES = { none: "none", making: "running", made: "ready" } as const;

function packAsDownload({ state, progress, bytes }: Pack): Download {
  return { name: "pack", kind: "html", bytes, state: PACK_STATES[state], progress };
}

export class MakingApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The files that can be kept of a lesson that is over, the pack last. */
  downloads = async (lesson: string): Promise<readonly Download[]> => {
    const facts = this.#api.call<{ downloads: readonly Download[] }>(
      "GET",
      `/api/lessons/${lesson}/recording`,
    );
    const pack = this.#pack("GET", lesson);
    const { downloads } = await facts;
    const packed = await pack;
    return packed ? [...downloads, packed] : downloads;
  };

  /** Begin to make a file, and say how far it is. */
  make = async (lesson: string, name: Download["name"]): Promise<Download | null> =>
    name === "pack" ? this.#pack("POST", lesson) : this.#one("POST", lesson, name);
  look = async (lesson: string, name: Download["name"]): Promise<Download | null> =>
    name === "pack" ? this.#pack("GET", lesson) : this.#one("GET", lesson, name);

  #one(method: "GET" | "POST", lesson: string, name: string) {
    const path = `/api/lessons/${lesson}/recording/downloads/${name}`;
    return this.#api.call<Download>(method, path, method === "POST" ? {} : undefined);
  }

  /** The pack; null where a course gives none. */
  async #pack(method: "GET" | "POST", lesson: string): Promise<Download | null> {
    const path = `/api/lessons/${lesson}/recording/pack`;
    try {
      return packAsDownload(
        await this.#api.call<Pack>(method, path, method === "POST" ? {} : undefined),
      );
    } catch (error) {
      if (error instanceof ApiError && [403, 404, 409].includes(error.status)) return null;
      throw error;
    }
  }

  jobs = async (): Promise<readonly Job[]> =>
    (await this.#api.call<{ jobs: readonly Job[] }>("GET", "/api/jobs")).jobs;
  changeJob = (id: string, state: "queued" | "cancelled") =>
    this.#api.call<Job>("POST", `/api/jobs/${id}`, { state });
}

/** Where a file that is ready can be had. */
export function downloadUrl(lesson: string, name: Download["name"]): string {
  return name === "pack"
    ? `/recordings/${lesson}/pack.html`
    : `/recordings/${lesson}/downloads/${name}`;
}
