/** Who heard how much: in all, and how. */
import { language } from "../../i18n";
import { at } from "../../i18n/attendance";
import { numberText } from "../../i18n/dates";
import type { AttendanceLine, AttendanceSheet } from "../../protocol/attendance";
import { percentOf, wholeMinutes } from "../../state/attendance";
import { UserText } from "../user-text";

const minutes = (ms: number) => at().minutes(numberText(wholeMinutes(ms), language.value));

function Share({ percent, label }: { percent: number; label: string }) {
  return (
    <span class="share" role="img" aria-label={label} title={label}>
      <span style={{ inlineSize: `${percent}%` }} />
    </span>
  );
}

function Line({ line, sheet }: { line: AttendanceLine; sheet: AttendanceSheet }) {
  const percent = percentOf(line.heard, sheet.lessons);
  const several = sheet.lessons.length > 1;
  return (
    <tr data-testid="attendance-line">
      <th scope="row">
        <UserText>{line.person.name}</UserText>
      </th>
      <td>
        <div class="heard">
          <strong>{minutes(line.heard)}</strong>
          <Share
            percent={percent}
            label={several ? at().shareOfAll(percent) : at().share(percent)}
          />
        </div>
        {wholeMinutes(line.heard) > 0 && (
          <div class="soft heard-how">
            <span>
              {at().live}: {minutes(line.live)}
            </span>{" "}
            <span>
              {at().replay}: {minutes(line.replay)}
            </span>
          </div>
        )}
      </td>
      {several && <td>{at().attended(line.attended, sheet.lessons.length)}</td>}
    </tr>
  );
}

export function AttendanceTable({ sheet, label }: { sheet: AttendanceSheet; label: string }) {
  const several = sheet.lessons.length > 1;
  const names = [at().name, at().heard, ...(several ? [at().lessons] : [])];
  return (
    <table class="attendance" aria-label={label}>
      <thead>
        <tr>
          {names.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sheet.people.map((line) => (
          <Line key={line.person.id} line={line} sheet={sheet} />
        ))}
      </tbody>
    </table>
  );
}
