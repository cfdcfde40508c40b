/** The way in with a code: the page's own form, and the plain one that works without JavaScript. */
import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { t } from "../i18n";
import { useAction } from "../state/action";
import { api, knownName, person, takeSession } from "../state/app";
import { Button, Field, Notice, problemText } from "./basics";

/** Codes are six digits; people type spaces and dashes between them. */
export function cleanCode(typed: string): string {
  return typed.replace(/\D/g, "").slice(0, 6);
}

export function JoinForm() {
  const { route } = useLocation();
  const code = useSignal("");
  const name = useSignal(knownName.value);
  const { busy, error, run } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    const typed = name.value.trim();
    void run(async () => {
      const joined = await api.join(cleanCode(code.value), person.value ? undefined : typed);
      if (typed) knownName.value = typed;
      await takeSession(joined);
      route(joined.lesson ? `/lessons/${joined.lesson.id}` : `/courses/${joined.course?.id}`);
    });
  };
  return (
    <form class="form" onSubmit={submit} data-testid="join-form">
      <div class="code-input">
        <Field
          label={t().joinCode}
          name="code"
          required
          inputMode="numeric"
          autocomplete="one-time-code"
          pattern="[0-9 \-]{6,9}"
          maxLength={9}
          value={code.value}
          onInput={(event) => {
            code.value = event.currentTarget.value;
          }}
        />
      </div>
      {!person.value && (
        <Field
          label={t().joinName}
          name="name"
          required
          autocomplete="name"
          maxLength={80}
          hint={t().joinNameHint}
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      )}
      {error.value && (
        <Notice tone="error" alert>
          {problemText(error.value)}
        </Notice>
      )}
      <Button type="submit" look="primary" large busy={busy.value}>
        {t().joinButton}
      </Button>
    </form>
  );
}
