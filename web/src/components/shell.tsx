/** The frame of every page: language first, then the way to the content, then who we are. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { LANGUAGE_NAMES, language, t } from "../i18n";
import { LANGUAGES } from "../protocol/types";
import { announced } from "../state/announcer";
import { person, switchLanguage } from "../state/app";
import { Button } from "./basics";
import { Icon } from "./icon";

export function LanguageSwitch() {
  return (
    <nav class="languages" aria-label={t().languageLabel}>
      {LANGUAGES.map((each) => (
        <button
          key={each}
          type="button"
          lang={each}
          aria-pressed={language.value === each}
          aria-label={`${LANGUAGE_NAMES[each].short}: ${LANGUAGE_NAMES[each].full}`}
          title={LANGUAGE_NAMES[each].full}
          data-testid={`language-${each}`}
          onClick={() => void switchLanguage(each)}
        >
          {LANGUAGE_NAMES[each].short}
        </button>
      ))}
    </nav>
  );
}

export function Brand() {
  return (
    <a class="brand" href="/">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" class="brand-field" />
        <path d="M7 22V12a9 9 0 0 1 18 0v10" class="brand-arch" />
        <path d="M13.5 13.2v7.6l6.4-3.8z" class="brand-play" />
      </svg>
      <span>{t().appName}</span>
    </a>
  );
}

function Account() {
  const busy = useSignal(false);
  const who = person.value;
  if (!who) {
    return (
      <a class="button button-quiet" href="/sign-in">
        {t().signIn}
      </a>
    );
  }
  return (
    <div class="account">
      {who.guest ? (
        <span class="account-name" data-testid="who">
          <Icon name="person" />
          <span>{who.name}</span>
        </span>
      ) : (
        <a class="account-name" href="/sign-in" title={t().account} data-testid="who">
          <Icon name="person" />
          <span>{who.name}</span>
        </a>
      )}
      <Button
        look="quiet"
        icon="leave"
        label={t().signOut}
        busy={busy.value}
        testid="sign-out"
        onClick={async () => {
          busy.value = true;
          try {
            await (await import("../offline/leaving")).leave();
          } finally {
            busy.value = false;
          }
        }}
      />
    </div>
  );
}

/** Says status changes to screen readers; one per page. */
export function Announcer() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {announced.value}
    </div>
  );
}

let navigated = false;

/** Remember that the next page is reached from another: its content then gets the focus. */
export function noteNavigation(): void {
  navigated = true;
}

export function useTitle(title: string): void {
  const name = t().appName;
  useEffect(() => {
    // The link that was followed is gone; without this, keyboards and readers start in nowhere.
    if (navigated) document.getElementById("content")?.focus({ preventScroll: true });
    navigated = false;
  }, []);
  useEffect(() => {
    document.title = title ? `${title} · ${name}` : name;
  }, [title, name]);
}

export function Page(props: {
  title: string;
  children: ComponentChildren;
  /** Under the title. */
  lead?: ComponentChildren;
  /** Beside the title. */
  actions?: ComponentChildren;
  narrow?: boolean;
  /** The place in the main menu. */
  here?: "courses" | "timetable" | "recordings" | "people";
}) {
  useTitle(props.title);
  const who = person.value;
  return (
    <>
      <header class="top">
        <LanguageSwitch />
        <a class="skip" href="#content">
          {t().skip}
        </a>
        <Brand />
        {who && (
          <nav class="menu" aria-label={t().mainMenu}>
            <a href="/courses" aria-current={props.here === "courses" ? "page" : undefined}>
              {t().courses}
            </a>
            {!who.guest && (
              <a href="/timetable" aria-current={props.here === "timetable" ? "page" : undefined}>
                {t().timetable}
              </a>
            )}
            {who.staff && (
              <a href="/recordings" aria-current={props.here === "recordings" ? "page" : undefined}>
                {t().recordings}
              </a>
            )}
            {who.staff && (
              <a href="/people" aria-current={props.here === "people" ? "page" : undefined}>
                {t().people}
              </a>
            )}
          </nav>
        )}
        <Account />
      </header>
      <main id="content" class={props.narrow ? "page page-narrow" : "page"} tabIndex={-1}>
        <div class="page-head">
          <div class="page-title">
            <h1>{props.title}</h1>
            {props.lead && <p class="soft">{props.lead}</p>}
          </div>
          {props.actions && <div class="row">{props.actions}</div>}
        </div>
        {props.children}
      </main>
      <Announcer />
    </>
  );
}
