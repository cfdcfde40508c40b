/** Entries of the teacher's list in every state, for the page that shows every component. */
import { signal } from "@preact/signals";
import { useDeskTexts } from "../../i18n/desk";
import { useHandTexts } from "../../i18n/hands";
import { useQuestionTexts } from "../../i18n/questions";
import type { Hand, HandState } from "../../protocol/hands";
import type { NoteState, VoiceNote } from "../../protocol/notes";
import type { Question } from "../../protocol/questions";
import { serverNow } from "../../state/app";
import type { Desk } from "../../state/desk";
import { NO_HANDS } from "../../state/hands-reducer";
import { NO_NOTES } from "../../state/notes-reducer";
import { NOTHING } from "../../state/questions-reducer";
import { ofHand, ofNote, ofQuestion } from "../../state/queue";
import "../../styles/questions.css";
import "../../styles/hands.css";
import { CareFacts, CareForm } from "./care";
import { Coming } from "./now";
import { QuestionEntry } from "./question-entry";
import { HandEntry, NoteEntry } from "./speech-entries";

const GULNORA = { id: "gulnora", name: "Гулнора Раҳимова" };
const ZARINA = { id: "zarina", name: "Зарина Назарова" };
const MINUTE = 60_000;

const QUESTION: Question = {
  number: 17,
  version: 1,
  text: "Байт аз чанд бит иборат аст ва чаро маҳз ҳашт?",
  state: "open",
  anonymous: false,
  asker: GULNORA,
  at: 0,
  asked_at: new Date(serverNow() - 4 * MINUTE).toISOString(),
  edited: false,
  lesson: "sample",
  votes: 12,
  first: true,
  label: "имтиҳон",
  merged_into: null,
  answer: null,
  answers: [],
  seen: true,
  starred: true,
  owner: ZARINA,
  due: "2030-10-01",
};

function hand(number: number, state: HandState, test: Hand["test"] = null): Hand {
  const times = { at: 0, order: 0, from: null, to: null, until: null };
  return {
    number,
    person: GULNORA,
    state,
    first: true,
    camera: true,
    talking: true,
    test,
    ...times,
  };
}

function note(number: number, state: NoteState): VoiceNote {
  const times = { at: 0, length: 12_000, from: null, to: null };
  return { number, id: `sample-${number}`, person: GULNORA, state, ...times };
}

const waiting = signal({
  questions: NOTHING,
  hands: { ...NO_HANDS, known: new Map([[1, hand(1, "raised")]]) },
  notes: NO_NOTES,
});
const questions = signal(NOTHING);

/** A desk that does nothing. */
const DESK = {
  waiting,
  now: () => ({ time: serverNow(), position: 3 * MINUTE }),
  room: { lesson: "sample", viewer: { person: "zarina", teacher: true }, questions, act: () => {} },
} as unknown as Desk;

const idle = { ready: true, select: () => {}, take: () => {} };

export default function DeskSamples() {
  const texts = [useQuestionTexts(), useHandTexts(), useDeskTexts()];
  if (!texts.every(Boolean)) return null;
  const comings = [hand(2, "invited"), hand(3, "testing", "good"), hand(4, "testing", "weak")];
  return (
    <div class="stack">
      <Coming items={comings.map(ofHand)} take={() => {}} />
      <ul class="queue">
        {[false, true].map((selected) => (
          <QuestionEntry
            key={`q${selected}`}
            {...idle}
            item={ofQuestion(QUESTION)}
            question={QUESTION}
            selected={selected}
            room={DESK.room}
            teachers={[ZARINA]}
            writing={false}
            close={() => {}}
          />
        ))}
        <HandEntry
          {...idle}
          item={ofHand(hand(1, "raised"))}
          hand={hand(1, "raised")}
          selected
          desk={DESK}
        />
        {(["ready", "played", "dismissed"] as const).map((state, index) => (
          <NoteEntry
            key={state}
            {...idle}
            item={ofNote(note(index, state))}
            note={note(index, state)}
            selected={state !== "played"}
            desk={DESK}
          />
        ))}
      </ul>
      <CareForm
        question={QUESTION}
        teachers={[ZARINA]}
        labels={["имтиҳон"]}
        act={() => {}}
        close={() => {}}
      />
      <p class="question-head">
        <CareFacts question={{ ...QUESTION, due: "2020-10-01" }} />
      </p>
    </div>
  );
}
