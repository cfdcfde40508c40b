/** The join page as plain HTML: a form, its errors as fragments, and no script needed. */
import type { ComponentChildren } from "preact";
import { Icon } from "./components/icon";
import { Brand } from "./components/shell";
import { LANGUAGE_NAMES, language, t } from "./i18n";
import { LANGUAGES } from "./protocol/types";

function Field(props: {
  id: string;
  label: string;
  hint?: string;
  children: ComponentChildren;
  code?: boolean;
}) {
  return (
    <div class={props.code ? "field code-input" : "field"}>
      <label for={props.id}>{props.label}</label>
      {props.children}
      {props.hint && (
        <p class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function JoinPage() {
  const errors = t().joinErrors;
  return (
    <>
      <header class="top">
        <nav class="languages" aria-label={t().languageLabel}>
          {LANGUAGES.map((each) => (
            <a
              key={each}
              href={`/join?language=${each}`}
              lang={each}
              hreflang={each}
              aria-current={each === language.value ? "true" : undefined}
              aria-label={`${LANGUAGE_NAMES[each].short}: ${LANGUAGE_NAMES[each].full}`}
            >
              {LANGUAGE_NAMES[each].short}
            </a>
          ))}
        </nav>
        <Brand />
        <a class="button button-quiet" href="/sign-in">
          {t().signIn}
        </a>
      </header>
      <main class="page page-narrow">
        <div class="stack">
          <h1>{t().joinTitle}</h1>
          <p class="soft">{t().joinLead}</p>
        </div>
        {(Object.keys(errors) as (keyof typeof errors)[]).map((code) => (
          <div
            key={code}
            id={code}
            class="notice notice-error join-problem"
            role="alert"
            tabIndex={-1}
          >
            <Icon name="error" />
            <div>{errors[code]}</div>
          </div>
        ))}
        <form class="card form" method="post" action="/join">
          <Field id="code" label={t().joinCode} code>
            <input
              id="code"
              name="code"
              required
              inputMode="numeric"
              autocomplete="off"
              pattern="[0-9 \-]{6,9}"
              maxLength={9}
            />
          </Field>
          <Field id="name" label={t().joinName} hint={t().joinNameHint}>
            <input
              id="name"
              name="name"
              autocomplete="name"
              maxLength={80}
              aria-describedby="name-hint"
            />
          </Field>
          <button type="submit" class="button button-primary button-large">
            {t().joinButton}
          </button>
        </form>
      </main>
    </>
  );
}
