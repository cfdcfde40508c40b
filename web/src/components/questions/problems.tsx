/** What went wrong with a command, in the person's language. */
import { t } from "../../i18n";
import { q } from "../../i18n/questions";
import type { CommandError } from "../../protocol/questions";
import type { QuestionRoom } from "../../state/questions";
import { Notice } from "../basics";

export function commandProblem(error: CommandError): string {
  const own = (q().problems as Record<string, unknown>)[error.code];
  if (typeof own === "string") return own;
  const general = (t().problems as Record<string, unknown>)[error.code];
  return typeof general === "string" ? general : q().problems.unknown(error.code);
}

/** What was refused of other things is said beside them. */
const OURS = /^(?:questions?|answer)_/;

/** The last step that was refused. */
export function Refusal({ room }: { room: QuestionRoom }) {
  const { name, error } = room.refusal.value ?? {};
  if (!name || !error || !OURS.test(name)) return null;
  return (
    <Notice tone="warning" title={q().problemTitle} alert testid="refusal">
      {commandProblem(error)}
    </Notice>
  );
}
