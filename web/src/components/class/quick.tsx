/** A student's quick check: "I follow" or "I am lost", and the poll that is open. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { c, useClassTexts } from "../../i18n/class";
import type { Feeling, OwnWord, Poll } from "../../protocol/class-feed";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import { chosen, pollToShow, unsentVote, useClass } from "../../state/class";
import type { QuestionRoom } from "../../state/questions";
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

/** An answer that came too late, or did not arrive: the poll itself may be gone already. */
function VoteRefused({ room }: { room: QuestionRoom }) {
  const { name, error } = room.refusal.value ?? {};
  if (name !== "poll_vote" || !error) return null;
  return (
    <Notice tone="warning" alert testid="vote-refused">
      {error.code === "poll-state" ? c().voteLate : c().notSent}
    </Notice>
  );
}

function PollCard(props: { poll: Poll; room: QuestionRoom; voted: readonly number[] }) {
  const { poll, room } = props;
  const open = poll.state === "open";
  const unsent = unsentVote(room.entries.value, poll.number);
  const mine = unsent ?? props.voted;
  useEffect(() => {
    if (open) announce(`${c().poll}: ${poll.text}`);
  }, [poll.number, open]);
  const vote = (choices: number[]) => void room.act("poll_vote", { poll: poll.number, choices });
  return (
    <section class="poll" aria-label={c().poll} data-testid="poll">
      <h2>
        <UserText>{poll.text}</UserText>
      </h2>
      {open && <Choices poll={poll} mine={mine} vote={vote} />}
      {open && unsent && !room.online.value && (
        <p class="hint" data-testid="vote-waits">
          {c().voteWaits}
        </p>
      )}
      {open && !unsent && mine.length > 0 && <p class="hint">{c().voteKept}</p>}
      {!open && <p class="hint">{c().pollClosed}</p>}
      {poll.counts && <PollBars poll={poll} mine={props.voted} />}
    </section>
  );
}

export function QuickCheck(props: { lesson: Lesson; socket: LessonSocket; room: QuestionRoom }) {
  const { lesson, socket, room } = props;
  const view = useClass(socket).value;
  if (!useClassTexts() || lesson.rights.includes("moderate")) return null;
  const poll = pollToShow(view.polls);
  if (lesson.state !== "live") return null;
  return (
    <div class="quick-check">
      <VoteRefused room={room} />
      {poll && (
        <PollCard key={poll.number} poll={poll} room={room} voted={view.voted[poll.number] ?? []} />
      )}
      <Feelings socket={socket} own={view.own} />
    </div>
  );
}
