/** Why a page can not show the lesson, and what helps. */
import { t } from "../../i18n";
import { ApiError } from "../../protocol/api";
import { person } from "../../state/app";
import { Button, LinkButton } from "../basics";
import { Icon } from "../icon";

/** A lesson we may see but not watch. */
export const FORBIDDEN = new ApiError("not-allowed", 403);

/** The server's word for a browser that decodes nothing of what we send. */
const NO_CODEC = "no-common-codec";

/** Make an error of the media server's last word; null when the browser is to blame. */
export function refusalError(code: string): ApiError | null {
  if (code === NO_CODEC) return null;
  if (code === "not-allowed") return FORBIDDEN;
  return new ApiError(code, code === "not-found" ? 404 : 401);
}

/** Without an error, the browser is too old. */
export function Blocked({ error, retry }: { error: ApiError | null; retry: () => void }) {
  const texts = t().blocked;
  const status = error?.status ?? 0;
  const signedIn = person.value !== null;
  let text = texts.right;
  if (error === null) text = texts.old;
  else if (status === 404) text = texts.missing;
  else if (status === 401 && signedIn) text = texts.token;
  else if (!signedIn && (status === 401 || status === 403)) text = texts.signIn;
  else if (status === 0) text = t().problems.offline;
  const next = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return (
    <div class="centre" data-testid="blocked">
      <Icon name="warning" large />
      <h2>{t().blockedTitle}</h2>
      <p>{text}</p>
      <div class="row">
        {!signedIn && error && (
          <LinkButton look="primary" href={next}>
            {t().goSignIn}
          </LinkButton>
        )}
        {error && (
          <LinkButton href="/join" outside>
            {t().goJoin}
          </LinkButton>
        )}
        {error && <Button onClick={retry}>{t().retry}</Button>}
      </div>
    </div>
  );
}
