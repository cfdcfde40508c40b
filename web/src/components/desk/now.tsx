/** What is on now, in large letters: who speaks, what is played, what is answered, who comes next. */
import { d } from "../../i18n/desk";
import { h } from "../../i18n/hands";
import { q } from "../../i18n/questions";
import type { Hand } from "../../protocol/hands";
import type { VoiceNote } from "../../protocol/notes";
import type { Question } from "../../protocol/questions";
import type { Desk } from "../../state/desk";
import type { Item } from "../../state/queue";
import { CameraWish, TurnTime } from "../hands/turn";
import { Icon } from "../icon";
import { askerText, Num } from "../questions/card";
import { AnswerBox } from "../questions/row";
import { UserText } from "../user-text";
import { Listen } from "./listen";
import { ScreenButton } from "./question-entry";
import { secondsOf } from "./speech-entries";
import { StepButtons, type Take } from "./step-button";

interface NowProps {
  desk: Desk;
  item: Item;
  take: Take;
}

function Speaking({ desk, item, take, hand }: NowProps & { hand: Hand }) {
  return (
    <section class="now now-large" aria-label={h().states["on-air"]} data-testid="turn-now">
      <h3>
        <Icon name="microphone" /> {h().states["on-air"]} <TurnTime room={desk.hands} hand={hand} />
      </h3>
      <p class="now-text">
        <UserText>{h().speaks(hand.person.name)}</UserText>
      </p>
      {!hand.talking && <p class="soft">{h().silentGuest}</p>}
      <div class="queue-actions">
        <StepButtons large item={item} take={take} />
        <Listen lesson={desk.room.lesson} />
      </div>
    </section>
  );
}

function Playing({ desk, item, take, note }: NowProps & { note: VoiceNote }) {
  return (
    <section class="now now-large" aria-label={d().noteStates.playing} data-testid="note-now">
      <h3>
        <Icon name="sound" /> {h().states["on-air"]}
      </h3>
      <p class="now-text">
        <UserText>{d().notePlaying(note.person.name)}</UserText>{" "}
        <span class="soft digits">{d().seconds(secondsOf(note))}</span>
      </p>
      <div class="queue-actions">
        <StepButtons large item={item} take={take} />
        <Listen lesson={desk.room.lesson} />
      </div>
    </section>
  );
}

function Answering(props: NowProps & { question: Question; writing: boolean; close: () => void }) {
  const { desk, item, question, take } = props;
  return (
    <section class="now now-large" aria-label={q().states.answering} data-testid="answering-now">
      <h3>
        <Icon name="question" /> {q().states.answering}
      </h3>
      <p class="now-text">
        <Num number={question.number} /> <UserText>{question.text}</UserText>
      </p>
      <p class="question-facts">
        <span>{askerText(question, desk.room.viewer, false)}</span>
        <span>{q().votes(question.votes)}</span>
      </p>
      <div class="queue-actions">
        <StepButtons large item={item} take={take} />
        <ScreenButton room={desk.room} question={question} />
      </div>
      {props.writing && (
        <AnswerBox
          room={desk.room}
          question={question.number}
          command="question_answer"
          label={q().textAnswer(question.number)}
          close={props.close}
        />
      )}
    </section>
  );
}

export function On(props: NowProps & { writing: number | null; close: () => void }) {
  const { item } = props;
  if (item.kind === "hand") return <Speaking {...props} hand={item.hand} />;
  if (item.kind === "note") return <Playing {...props} note={item.note} />;
  const writing = props.writing === item.question.number;
  return <Answering {...props} question={item.question} writing={writing} />;
}

function stateText(hand: Hand): string {
  if (hand.state === "testing" && hand.test) return h().verdicts[hand.test];
  return h().states[hand.state];
}

/** Hands that have been invited: what is missing until they can speak. */
export function Coming({ items, take }: { items: readonly Item[]; take: Take }) {
  if (items.length === 0) return null;
  return (
    <div class="coming" data-testid="coming">
      <h3>{d().coming}</h3>
      <ul>
        {items.map(
          (item) =>
            item.kind === "hand" && (
              <li
                key={item.key}
                class="hand-item"
                data-testid="hand-item"
                data-state={item.hand.state}
                data-test={item.hand.test}
              >
                <div class="hand-words">
                  <strong>
                    <UserText>{item.hand.person.name}</UserText>
                  </strong>
                  <span class="soft">{stateText(item.hand)}</span>
                  {item.hand.camera && <CameraWish />}
                </div>
                <div class="row">
                  <StepButtons item={item} take={take} />
                </div>
              </li>
            ),
        )}
      </ul>
    </div>
  );
}
