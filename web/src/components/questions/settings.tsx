/** How the teacher takes questions in this lesson, and the keys for it. */
import { language } from "../../i18n";
import { q } from "../../i18n/questions";
import type { QuestionRoom } from "../../state/questions";
import { Check } from "../basics";
import { Icon } from "../icon";

const KEYS = [
  ["1", "digit1"],
  ["2", "digit2"],
  ["3", "digit3"],
  ["4", "digit4"],
  ["5", "digit5"],
  ["↓", "down"],
  ["↑", "up"],
  ["Enter", "enter"],
  ["Z", "undo"],
] as const;

export function QuestionSettingsBox({ room }: { room: QuestionRoom }) {
  const { anonymous, review, paused } = room.questions.value.settings;
  const set = (change: Record<string, boolean>) => void room.act("questions_set", change);
  return (
    <>
      <details class="more" data-testid="question-settings">
        <summary>{q().settings}</summary>
        <div class="stack">
          <div class="choices">
            <Check label={q().pause} checked={paused} onChange={(on) => set({ paused: on })} />
            <Check label={q().review} checked={review} onChange={(on) => set({ review: on })} />
            <Check
              label={q().allowAnonymous}
              checked={anonymous}
              onChange={(on) => set({ anonymous: on })}
            />
          </div>
          <div class="row">
            <a
              class="button button-plain"
              href={`/lessons/${room.lesson}/screen`}
              target="_blank"
              rel="noopener"
            >
              <Icon name="screen" />
              <span>{q().secondScreen}</span>
            </a>
            <a
              class="button button-plain"
              href={`/api/lessons/${room.lesson}/questions.xlsx?lang=${language.value}`}
              download
            >
              <span>{q().download}</span>
            </a>
          </div>
        </div>
      </details>
      <details class="more">
        <summary>{q().keysTitle}</summary>
        <div class="keys">
          {KEYS.map(([cap, name]) => (
            <>
              <kbd key={cap}>{cap}</kbd>
              <span key={name}>{q().keys[name]}</span>
            </>
          ))}
        </div>
      </details>
    </>
  );
}
