/** What went wrong with a command, in the person's language. */
import { t } from "../../i18n";
import { q } from "../../i18n/questions";
import { isOfHands } from "../../protocol/hands";
import type { CommandError } from "../../protocol/questions";
import type { QuestionRoom } from "../../state/questions";
import { Notice } from "../basics";

export function commandProblem(error: CommandError): string {
  const own = (q().problems as Record<string, unknown>)[error.code];
  if (typeof own === "string") return own;
  const general = (t().problems as Record<string, unknown>)[error.code];
  return typeof general === "string" ? general : q().problems.unknown(error.code);
}

/** The last step that was refused. */
export function Refusal({ room }: { room: QuestionRoom }) {
  const { name, error } = room.refusal.value ?? {};
  // What was refused of a hand is said beside the hand.
  if (!name || !error || isOfHands(name)) return null;
  return (
    <Notice tone="warning" title={q().problemTitle} alert testid="refusal">
      {commandProblem(error)}
    </Notice>
  );
}
