/** What a page shows to somebody it does not know. */
import { t } from "../i18n";
import { LinkButton, Notice } from "./basics";
import { Page } from "./shell";

export function NeedsSignIn({ title }: { title: string }) {
  const next = encodeURIComponent(location.pathname);
  return (
    <Page title={title} narrow>
      <Notice tone="info">{t().problems["not-signed-in"]}</Notice>
      <div class="row">
        <LinkButton look="primary" href={`/sign-in?next=${next}`}>
          {t().signIn}
        </LinkButton>
        <LinkButton href="/join" outside>
          {t().goJoin}
        </LinkButton>
      </div>
    </Page>
  );
}
