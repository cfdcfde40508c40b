import { LinkButton } from "../components/basics";
import { Page } from "../components/shell";
import { t } from "../i18n";

export default function NotFound() {
  return (
    <Page title={t().notFoundTitle} narrow>
      <p>{t().notFoundHint}</p>
      <div>
        <LinkButton look="primary" href="/">
          {t().toStart}
        </LinkButton>
      </div>
    </Page>
  );
}
