/** What is made in the background, as pages look at it. */
import type { Download, Job } from "../protocol/making";
import { MakingApi } from "../protocol/making";
import { api } from "./app";

export const making = new MakingApi(api);

/** Ms between looks at something that is being made. */
export const LOOK = 2_000;
/** Jobs that are over and still shown: the newest, so that a failure is seen. */
const SHOWN = 5;

export function isUnderWay(state: Download["state"] | Job["state"]): boolean {
  return state === "queued" || state === "running";
}

/** Give minutes that are left, at least 1, or null when nobody knows; `now` in ms. */
export function minutesLeft(endsAt: string | null | undefined, now: number): number | null {
  if (!endsAt) return null;
  return Math.max(0, Math.ceil((Date.parse(endsAt) - now) / 60_000));
}

/** Choose the jobs that are worth a row: those under way, and lately failed ones. */
export function worthShowing(jobs: readonly Job[]): readonly Job[] {
  const open = jobs.filter((job) => isUnderWay(job.state));
  const over = jobs.filter((job) => job.state === "failed" || job.state === "cancelled");
  return [...open, ...over.slice(0, SHOWN)];
}
