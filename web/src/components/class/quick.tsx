/** A student's quick check: "I follow" or "I am lost", and the poll that is open. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { c, useClassTexts } from "../../i18n/class";
import type { Feeling, OwnWord, Poll } from "../../protocol/class-feed";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import { chosen, order, pollToShow, useClass } from "../../state/class";
import "../../styles/class.css";
import { Button, Notice } from "../basics";
import { UserText } from "../user-text";
import { PollBars } from "./bars";

/** Give a student's word for as long as it counts. */
function useWord(own: OwnWord | null): Feeling | null {
  const word = useSignal<Feeling | null>(null);
  useEffect(() => {
    word.value = own?.value ?? null;
    if (!own) return;
    const timer = setTimeout(() => {
      word.value = null;
    }, own.left);
    return () => clearTimeout(timer);
  }, [own]);
  return word.value;
}

function Feelings({ socket, own }: { socket: LessonSocket; own: OwnWord | null }) {
  const word = useWord(own);
  return (
    <section class="feelings" aria-label={c().follow} data-testid="feelings">
      <h2>{c().follow}</h2>
      <div class="row">
        {(["understood", "lost"] as const).map((value) => (
          <Button
            key={value}
            icon={value === "understood" ? "success" : "question"}
            pressed={word === value}
            testid={`feeling-${value}`}
            onClick={() => socket.tell("pulse", { value: word === value ? null : value })}
          >
            {c().feelings[value]}
          </Button>
        ))}
      </div>
      <p class="hint">{word ? c().feelingSent : c().feelingHint}</p>
    </section>
  );
}

function Choices(props: { poll: Poll; mine: readonly number[]; vote: (to: number[]) => void }) {
  const { poll, mine } = props;
  return (
    <fieldset class="poll-choices">
      <legend class="hint">{poll.multiple ? c().chooseSome : c().chooseOne}</legend>
      {poll.options.map((option, index) => (
        <label key={option} data-testid={`choice-${index}`}>
          <input
            type={poll.multiple ? "checkbox" : "radio"}
            name={`poll-${poll.number}`}
            checked={mine.includes(index)}
            onChange={(event) =>
              props.vote(chosen(mine, index, event.currentTarget.checked, poll.multiple))
            }
          />
          <UserText>{option}</UserText>
        </label>
      ))}
    </fieldset>
  );
}

function PollCard(props: {
  poll: Poll;
  lesson: string;
  socket: LessonSocket;
  voted: readonly number[];
}) {
  const { poll, socket } = props;
  /** What was tapped and is not acknowledged yet. */
  const wanted = useSignal<readonly number[] | null>(null);
  const failed = useSignal(false);
  const open = poll.state === "open";
  const mine = wanted.value ?? props.voted;
  useEffect(() => {
    if (open) announce(`${c().poll}: ${poll.text}`);
  }, [poll.number, open]);
  const vote = async (choices: number[]) => {
    wanted.value = choices;
    failed.value = false;
    const send = socket.command.bind(socket);
    const done = await order(send, props.lesson, "poll_vote", { poll: poll.number, choices });
    if (wanted.value !== choices) return;
    failed.value = "code" in done && done.code !== "poll-state";
    wanted.value = null;
  };
  return (
    <section class="poll" aria-label={c().poll} data-testid="poll">
      <h2>
        <UserText>{poll.text}</UserText>
      </h2>
      {open && <Choices poll={poll} mine={mine} vote={(to) => void vote(to)} />}
      {failed.value && (
        <Notice tone="error" alert>
          {c().notSent}
        </Notice>
      )}
      {open && props.voted.length > 0 && <p class="hint">{c().voteKept}</p>}
      {!open && <p class="hint">{c().pollClosed}</p>}
      {poll.counts && <PollBars poll={poll} mine={props.voted} />}
    </section>
  );
}

export function QuickCheck({ lesson, socket }: { lesson: Lesson; socket: LessonSocket }) {
  const view = useClass(socket).value;
  if (!useClassTexts() || lesson.rights.includes("moderate")) return null;
  const poll = pollToShow(view.polls);
  if (lesson.state !== "live") return null;
  return (
    <div class="quick-check">
      {poll && (
        <PollCard
          key={poll.number}
          poll={poll}
          lesson={lesson.id}
          socket={socket}
          voted={view.voted[poll.number] ?? []}
        />
      )}
      <Feelings socket={socket} own={view.own} />
    </div>
  );
}
