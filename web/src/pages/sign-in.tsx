/** Signing in: with a password, or by a one-time link whose secret stays in the fragment. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import {
  Button,
  Field,
  LinkButton,
  Notice,
  PasswordField,
  problemText,
} from "../components/basics";
import { Page } from "../components/shell";
import { t } from "../i18n";
import type { Session } from "../protocol/types";
import { useAction } from "../state/action";
import { api, person, takeSession } from "../state/app";

/** Where to go after signing in: back to where one came from, within this site only. */
export function nextPath(asked: string | undefined): string {
  return asked?.startsWith("/") && !asked.startsWith("//") && !asked.includes("\\") ? asked : "/";
}

function useEnter() {
  const { query, route } = useLocation();
  return async (session: Session) => {
    await takeSession(session);
    route(nextPath(query.next), true);
  };
}

function ByLink({ token }: { token: string }) {
  const { busy, error, run } = useAction();
  const enter = useEnter();
  return (
    <Page title={t().linkTitle} narrow>
      <div class="card stack">
        <p>{t().linkLead}</p>
        {error.value && (
          <Notice tone="error" title={t().problemTitle} alert>
            {problemText(error.value)}
          </Notice>
        )}
        <div class="row">
          <Button
            look="primary"
            large
            busy={busy.value}
            testid="continue"
            onClick={() => void run(async () => enter(await api.signInByLink(token)))}
          >
            {t().linkContinue}
          </Button>
          {error.value && <LinkButton href="/sign-in">{t().signIn}</LinkButton>}
        </div>
      </div>
    </Page>
  );
}

function ByPassword() {
  const login = useSignal("");
  const password = useSignal("");
  const { busy, error, run } = useAction();
  const enter = useEnter();
  return (
    <Page title={t().signIn} narrow>
      <div class="card stack">
        <p class="soft">{t().signInLead}</p>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void run(async () => enter(await api.signIn(login.value.trim(), password.value)));
          }}
        >
          <Field
            label={t().login}
            name="username"
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            value={login.value}
            onInput={(event) => {
              login.value = event.currentTarget.value;
            }}
          />
          <PasswordField
            label={t().password}
            name="password"
            autocomplete="current-password"
            value={password.value}
            onInput={(event) => {
              password.value = event.currentTarget.value;
            }}
          />
          {error.value && (
            <Notice tone="error" alert>
              {problemText(error.value)}
            </Notice>
          )}
          <Button type="submit" look="primary" large busy={busy.value} testid="sign-in">
            {t().signIn}
          </Button>
        </form>
        <p class="soft">{t().noPassword}</p>
        <div>
          <LinkButton href="/join" outside>
            {t().goJoin}
          </LinkButton>
        </div>
      </div>
    </Page>
  );
}

function ChoosePassword() {
  const password = useSignal("");
  const current = useSignal("");
  const saved = useSignal(false);
  const { busy, error, run } = useAction();
  const save = (event: Event) => {
    event.preventDefault();
    saved.value = false;
    void run(async () => {
      await api.setPassword(password.value, current.value || undefined);
      password.value = "";
      current.value = "";
      saved.value = true;
    });
  };
  return (
    <section class="card stack">
      <h2>{t().passwordTitle}</h2>
      <p class="soft">{t().passwordLead}</p>
      <form class="form" onSubmit={save}>
        <Field
          label={t().currentPassword}
          hint={t().currentPasswordHint}
          type="password"
          autocomplete="current-password"
          value={current.value}
          onInput={(event) => {
            current.value = event.currentTarget.value;
          }}
        />
        <PasswordField
          label={t().newPassword}
          autocomplete="new-password"
          minLength={10}
          value={password.value}
          onInput={(event) => {
            password.value = event.currentTarget.value;
          }}
        />
        {error.value && (
          <Notice tone="error" alert>
            {problemText(error.value)}
          </Notice>
        )}
        {saved.value && (
          <Notice tone="success" alert>
            {t().passwordSaved}
          </Notice>
        )}
        <Button type="submit" look="primary" busy={busy.value}>
          {t().savePassword}
        </Button>
      </form>
    </section>
  );
}

export default function SignIn() {
  const token = useSignal(location.hash.slice(1));
  useEffect(() => {
    const look = () => {
      token.value = location.hash.slice(1);
    };
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, [token]);
  if (token.value && token.value !== "content") return <ByLink token={token.value} />;
  const who = person.value;
  if (!who) return <ByPassword />;
  return (
    <Page title={t().account} narrow>
      <Notice tone="success">{t().signedInAs(who.name)}</Notice>
      <div class="row">
        <LinkButton look="primary" href="/">
          {t().toStart}
        </LinkButton>
      </div>
      {!who.guest && <ChoosePassword />}
    </Page>
  );
}
