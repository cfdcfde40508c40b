/** Questions in every state, for the page that shows every component. */
import { q, useQuestionTexts } from "../../i18n/questions";
import type { Question, QuestionState } from "../../protocol/questions";
import { serverNow } from "../../state/app";
import type { Progress } from "../../state/questions-view";
import { Icon } from "../icon";
import "../../styles/questions.css";
import { Card, ProgressTag } from "./card";
import { EmptyList, FreshPill } from "./list";

const STATES: readonly QuestionState[] = [
  "in-review",
  "open",
  "later",
  "answering",
  "answered",
  "dismissed",
  "withdrawn",
  "merged",
];
const PROGRESS: readonly Progress[] = ["waiting", "sent", "seen", "answered", "refused"];
const VIEWER = { person: "me", teacher: true };

function sample(state: QuestionState, number: number): Question {
  const asked_at = new Date(serverNow()).toISOString();
  const answer = {
    answer: 1,
    author: { id: "a", name: "Далер" },
    edited: false,
    given_at: asked_at,
  };
  return {
    number,
    version: 1,
    text: "Чаро байт аз ҳашт бит иборат аст?",
    state,
    anonymous: state === "in-review",
    asker: { id: "z", name: "Зарина Раҳимова" },
    at: null,
    asked_at,
    edited: state === "later",
    lesson: "sample",
    votes: number,
    first: number === 2,
    label: state === "open" ? "хотира" : null,
    merged_into: state === "merged" ? 2 : null,
    answer: state === "answered" ? { how: "live", lesson: "sample", from: 0, to: 1 } : null,
    answers:
      state === "answered"
        ? [
            { ...answer, teacher: false, good: true, text: "Таърих чунин хост." },
            { ...answer, answer: 2, teacher: true, good: false, text: "2⁸ = 256." },
          ]
        : [],
  };
}

export default function QuestionSamples() {
  if (!useQuestionTexts()) return null;
  return (
    <div class="questions">
      <p class="row">
        {PROGRESS.map((each) => (
          <ProgressTag key={each} progress={each} />
        ))}
      </p>
      <ul class="question-list">
        {STATES.map((state, index) => (
          <li key={state} class="question">
            <Card
              question={sample(state, index + 1)}
              viewer={VIEWER}
              own={false}
              lesson="sample"
              side={
                <button
                  type="button"
                  class="vote"
                  aria-pressed={index % 2 === 0}
                  aria-label={q().vote(index + 1)}
                >
                  <Icon name="vote" />
                  <span>{index + 1}</span>
                </button>
              }
            />
          </li>
        ))}
      </ul>
      <FreshPill steady={{ fresh: 3, refresh: () => {} }} />
      <EmptyList title={q().empty.open} hint={q().emptyHint.open} />
    </div>
  );
}
