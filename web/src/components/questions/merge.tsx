/** Joining a question with another that asks the same. */
import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { t } from "../../i18n";
import { q } from "../../i18n/questions";
import type { Question, QuestionState } from "../../protocol/questions";
import { serverNow } from "../../state/app";
import type { QuestionRoom } from "../../state/questions";
import { alike, sorted } from "../../state/questions-view";
import { Button, Dialog } from "../basics";
import { UserText } from "../user-text";
import { Num } from "./card";

/** Into what a question can be joined. */
const ALIVE: ReadonlySet<QuestionState> = new Set(["open", "later", "answering", "answered"]);
/** Choices shown; the likest stand first. */
const CHOICES = 12;

function choicesFor(room: QuestionRoom, question: Question): Question[] {
  const others = [...room.questions.value.known.values()].filter(
    (each) => each.number !== question.number && ALIVE.has(each.state),
  );
  const likely = alike(question.text, others, CHOICES);
  const rest = sorted(others, "top", serverNow()).filter((each) => !likely.includes(each));
  return [...likely, ...rest].slice(0, CHOICES);
}

export function MergeDialog(props: {
  room: QuestionRoom;
  question: Question | null;
  close: () => void;
}) {
  const { room, question, close } = props;
  const chosen = useSignal<number | null>(null);
  const name = useId();
  const number = question?.number ?? null;
  useEffect(() => {
    chosen.value = null;
  }, [number]);
  const choices = question ? choicesFor(room, question) : [];
  const merge = () => {
    if (number === null || chosen.value === null) return;
    void room.act("question_merge", { question: number, into: chosen.value });
    close();
  };
  return (
    <Dialog title={q().mergeTitle(number ?? 0)} open={question !== null} onClose={close}>
      <p class="soft">{choices.length > 0 ? q().mergeLead : q().mergeNone}</p>
      <fieldset class="choices">
        <legend class="visually-hidden">{q().mergeTitle(number ?? 0)}</legend>
        {choices.map((each) => (
          <label key={each.number} class="check">
            <input
              type="radio"
              name={name}
              checked={chosen.value === each.number}
              onChange={() => {
                chosen.value = each.number;
              }}
            />
            <span>
              <Num number={each.number} /> <UserText>{each.text}</UserText>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="row">
        <Button
          look="primary"
          icon="merge"
          disabled={chosen.value === null}
          testid="merge-confirm"
          onClick={merge}
        >
          {q().merge}
        </Button>
        <Button onClick={close}>{t().cancel}</Button>
      </div>
    </Dialog>
  );
}
