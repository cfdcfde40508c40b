/** Why a step in the book did not work: in the words of questions, where they have some. */
import { q } from "../../i18n/questions";
import type { ApiError } from "../../protocol/api";
import { Notice, problemText } from "../basics";

export function BookProblem({ error }: { error: ApiError }) {
  const own = (q().problems as Record<string, unknown>)[error.code];
  return (
    <Notice tone="error" title={q().problemTitle} alert testid="problem">
      {typeof own === "string" ? own : problemText(error)}
    </Notice>
  );
}
