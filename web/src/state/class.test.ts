import { describe, expect, it, vi } from "vitest";
import type { Poll } from "../protocol/class-feed";
import type { Entry } from "../protocol/outbox";
import type { Acknowledgement } from "../protocol/questions";
import { chosen, order, percents, pollToShow, unsentVote } from "./class";
import { replaces } from "./questions";

const poll = (number: number, parts: Partial<Poll> = {}): Poll => ({
  number,
  text: "?",
  options: ["a", "b"],
  multiple: false,
  state: "closed",
  shown: false,
  from: 0,
  to: 1,
  counts: null,
  voters: null,
  ...parts,
});

describe("polls", () => {
  it("show the open one, else the last result", () => {
    expect(pollToShow([])).toBeNull();
    expect(pollToShow([poll(1), poll(2, { state: "draft" })])).toBeNull();
    expect(pollToShow([poll(1, { shown: true }), poll(2, { shown: true })])?.number).toBe(2);
    expect(pollToShow([poll(1, { state: "open" }), poll(2, { shown: true })])?.number).toBe(1);
  });

  it("give shares of the people, also of nobody", () => {
    expect(percents([1, 2], 3)).toEqual([33, 67]);
    expect(percents([0, 0], 0)).toEqual([0, 0]);
  });

  it("take one or several choices", () => {
    expect(chosen([0], 1, true, false)).toEqual([1]);
    expect(chosen([2], 0, true, true)).toEqual([0, 2]);
    expect(chosen([0, 2], 2, false, true)).toEqual([0]);
  });
});

describe("a command", () => {
  const wait = () => Promise.resolve();
  const ok: Acknowledgement = { ok: true, id: "x", seq: 1, result: { poll: 1 } };

  it("is sent again under the same id until it is acknowledged", async () => {
    const send = vi.fn().mockResolvedValueOnce(null).mockResolvedValueOnce(ok);
    expect(await order(send, "l", "poll_open", { poll: 1 }, wait)).toEqual({ result: { poll: 1 } });
    expect(send.mock.calls[0]?.[0].id).toBe(send.mock.calls[1]?.[0].id);
  });

  it("says what was wrong", async () => {
    const refused: Acknowledgement = { ok: false, error: { code: "poll-open", detail: "" } };
    expect(await order(async () => refused, "l", "x", {}, wait)).toEqual({ code: "poll-open" });
    const lost = vi.fn().mockResolvedValue(null);
    expect(await order(lost, "l", "x", {}, wait)).toEqual({ code: "network" });
    expect(lost).toHaveBeenCalledTimes(3);
  });
});

describe("answers on their way", () => {
  const vote = (poll: number, choices: number[], state: Entry["state"] = "waiting"): Entry => ({
    id: `${poll}-${choices}`,
    lesson: "l",
    name: "poll_vote",
    args: { poll, choices },
    person: "p",
    order: 1,
    made: 0,
    kept: true,
    state,
    seq: null,
    result: null,
    error: null,
  });

  it("are shown as chosen, the last one of each poll", () => {
    const entries = [vote(1, [0], "sending"), vote(1, [1]), vote(2, [0])];
    expect(unsentVote(entries, 1)).toEqual([1]);
    expect(unsentVote(entries, 3)).toBeNull();
    expect(unsentVote([vote(1, [1], "refused")], 1)).toBeNull();
  });

  it("take the place of those that still wait, and of nothing else", () => {
    const args = { poll: 1, choices: [1] };
    expect(replaces("poll_vote", args, vote(1, [0]))).toBe(true);
    expect(replaces("poll_vote", args, vote(2, [0]))).toBe(false);
    expect(replaces("poll_vote", args, vote(1, [0], "sending"))).toBe(false);
    expect(replaces("question_ask", args, vote(1, [0]))).toBe(false);
  });
});
