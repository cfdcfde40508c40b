/** The class as parts of a page show it, and what is sent about it. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { ClassView, Poll } from "../protocol/class-feed";
import type { Entry } from "../protocol/outbox";
import type { Acknowledgement, Command } from "../protocol/questions";
import type { LessonSocket } from "../protocol/socket";
import { newId } from "../protocol/uuid";

/** Times that a command is sent which nobody acknowledges; it happens once all the same. */
const TRIES = 3;
/** Ms between them, for a socket that is just coming back. */
const PAUSE = 1_500;

/** Give the class that a socket tells of. */
export function useClass(socket: LessonSocket): ReadonlySignal<ClassView> {
  const view = useMemo(() => signal(socket.class.view), [socket]);
  useEffect(
    () =>
      socket.class.listen((next) => {
        view.value = next;
      }),
    [socket],
  );
  return view;
}

/** Send a command until it is acknowledged; returns null, or the code of what was wrong. */
export async function order(
  send: (command: Command) => Promise<Acknowledgement | null>,
  lesson: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
  wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
): Promise<{ result: Readonly<Record<string, unknown>> } | { code: string }> {
  const command = { id: newId(), lesson, name, args };
  for (let left = TRIES; left > 0; left -= 1) {
    const answer = await send(command);
    if (answer?.ok) return { result: answer.result };
    if (answer) return { code: answer.error.code };
    if (left > 1) await wait(PAUSE);
  }
  return { code: "network" };
}

/** Give what a person has chosen in a poll and the server may not know yet; null if nothing waits. */
export function unsentVote(entries: readonly Entry[], poll: number): readonly number[] | null {
  const votes = entries.filter(
    (each) => each.name === "poll_vote" && each.args.poll === poll && each.state !== "refused",
  );
  return (votes.at(-1)?.args.choices as readonly number[] | undefined) ?? null;
}

/** The poll a student has before them: the open one, or the last whose result is shown. */
export function pollToShow(polls: readonly Poll[]): Poll | null {
  const open = polls.find((poll) => poll.state === "open");
  if (open) return open;
  const shown = polls.filter((poll) => poll.state === "closed" && poll.shown);
  return shown.at(-1) ?? null;
}

/** Give each option's percent of the people who answered. */
export function percents(counts: readonly number[], voters: number): number[] {
  return counts.map((count) => (voters > 0 ? Math.round((count / voters) * 100) : 0));
}

/** Give the choices after one tap. */
export function chosen(
  before: readonly number[],
  option: number,
  on: boolean,
  multiple: boolean,
): number[] {
  if (!multiple) return on ? [option] : [];
  const rest = before.filter((each) => each !== option);
  return (on ? [...rest, option] : rest).sort((one, other) => one - other);
}
