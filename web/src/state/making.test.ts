import { expect, it } from "vitest";
import type { Job } from "../protocol/making";
import { isUnderWay, minutesLeft, worthShowing } from "./making";

const NOW = Date.parse("2026-09-01T09:00:00Z");

it("says the minutes that are left, rounded up, and nothing where nobody knows", () => {
  expect(minutesLeft("2026-09-01T09:01:01Z", NOW)).toBe(2);
  expect(minutesLeft("2026-09-01T08:59:00Z", NOW)).toBe(0);
  expect(minutesLeft(null, NOW)).toBeNull();
  expect(minutesLeft(undefined, NOW)).toBeNull();
});

it("shows what is under way first, then the newest failures, and nothing that went well", () => {
  const job = (id: string, state: Job["state"]) => ({ id, state }) as Job;
  const failed = [1, 2, 3, 4, 5, 6, 7].map((number) => job(`failed-${number}`, "failed"));
  const jobs = [job("done", "done"), ...failed, job("queued", "queued"), job("running", "running")];
  const shown = worthShowing(jobs).map(({ id }) => id);
  expect(shown.slice(0, 2)).toEqual(["queued", "running"]);
  expect(shown.slice(2)).toEqual(["failed-1", "failed-2", "failed-3", "failed-4", "failed-5"]);
});

it("takes what waits as under way", () => {
  expect((["none", "queued", "running", "failed", "ready"] as const).map(isUnderWay)).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
});
