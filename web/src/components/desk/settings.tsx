/** How the teacher takes questions and hands in this lesson, what can be taken along, and the keys. */
import { Fragment } from "preact";
import { d } from "../../i18n/desk";
import { h } from "../../i18n/hands";
import { q } from "../../i18n/questions";
import type { Lesson } from "../../protocol/types";
import type { Desk } from "../../state/desk";
import { Check, Select } from "../basics";
import { Icon } from "../icon";
import { TableLinks } from "./table-links";

/** Lengths of a turn to choose from, in seconds. */
const LIMITS: readonly (number | null)[] = [60, 120, 180, 300, 600, null];

const KEYS = [
  ["1", "digit1"],
  ["2", "digit2"],
  ["3", "digit3"],
  ["4", "digit4"],
  ["5", "digit5"],
  ["↓", "down"],
  ["↑", "up"],
  ["← →", "sides"],
  ["Enter", "enter"],
  ["N", "next"],
  ["Z", "undo"],
] as const;

function QuestionSettings({ desk }: { desk: Desk }) {
  const { anonymous, review, paused } = desk.room.questions.value.settings;
  const set = (change: Record<string, boolean>) => void desk.room.act("questions_set", change);
  return (
    <details class="more" data-testid="question-settings">
      <summary>{q().settings}</summary>
      <div class="choices">
        <Check label={q().pause} checked={paused} onChange={(on) => set({ paused: on })} />
        <Check label={q().review} checked={review} onChange={(on) => set({ review: on })} />
        <Check
          label={q().allowAnonymous}
          checked={anonymous}
          onChange={(on) => set({ anonymous: on })}
        />
      </div>
    </details>
  );
}

function HandSettings({ desk }: { desk: Desk }) {
  const { paused, limit, auto, push_to_talk } = desk.hands.hands.value.settings;
  const set = (change: Record<string, unknown>) => void desk.room.act("hands_set", change);
  const choices = LIMITS.includes(limit) ? LIMITS : [limit, ...LIMITS];
  return (
    <details class="more" data-testid="hand-settings">
      <summary>{h().settings}</summary>
      <div class="stack">
        <div class="choices">
          <Check label={h().pause} checked={paused} onChange={(on) => set({ paused: on })} />
          <Check label={h().auto} checked={auto} onChange={(on) => set({ auto: on })} />
          <Check
            label={h().pushToTalk}
            checked={push_to_talk}
            onChange={(on) => set({ push_to_talk: on })}
          />
        </div>
        <Select
          label={h().limit}
          value={String(limit)}
          choices={choices.map((each) => ({ value: String(each), label: h().limits(each) }))}
          onChange={(value) => set({ limit: value === "null" ? null : Number(value) })}
        />
      </div>
    </details>
  );
}

function Ways({ lesson }: { lesson: Lesson }) {
  return (
    <div class="row">
      <a
        class="button button-plain"
        href={`/lessons/${lesson.id}/screen`}
        target="_blank"
        rel="noopener"
      >
        <Icon name="screen" />
        <span>{q().secondScreen}</span>
      </a>
      {lesson.course && (
        <a
          class="button button-plain"
          href={`/courses/${lesson.course.id}/questions`}
          target="_blank"
          rel="noopener"
        >
          <Icon name="question" />
          <span>{d().book}</span>
        </a>
      )}
      <TableLinks path={`/api/lessons/${lesson.id}`} />
    </div>
  );
}

export function DeskSettings({ desk, lesson }: { desk: Desk; lesson: Lesson }) {
  return (
    <>
      <Ways lesson={lesson} />
      <QuestionSettings desk={desk} />
      <HandSettings desk={desk} />
      <details class="more">
        <summary>{d().keysTitle}</summary>
        <div class="keys">
          {KEYS.map(([cap, name]) => (
            <Fragment key={cap}>
              <kbd>{cap}</kbd>
              <span>{d().keys[name]}</span>
            </Fragment>
          ))}
        </div>
      </details>
    </>
  );
}
