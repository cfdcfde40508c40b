/** "Keep on this phone" beside the lesson pack: its size is told already, its progress here. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language } from "../../i18n";
import { numberText } from "../../i18n/dates";
import { o, useOfflineTexts } from "../../i18n/offline";
import { kept, keptUrl } from "../../offline/kept";
import { ApiError } from "../../protocol/api";
import { api, person } from "../../state/app";
import { Button, LinkButton, Notice } from "../basics";

type State = "none" | "keeping" | "kept" | "offline" | "no-room" | "refused";

function stateOf(error: unknown): State {
  if (error instanceof ApiError) {
    return error.status >= 400 && error.status < 429 ? "refused" : "offline";
  }
  return error instanceof DOMException && error.name === "QuotaExceededError"
    ? "no-room"
    : "offline";
}

const SAID = { offline: "stopped", "no-room": "noRoom", refused: "refused" } as const;

function Keep({ lesson }: { lesson: string }) {
  const state = useSignal<State>("none");
  const progress = useSignal(0);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => {
    kept?.list().then(
      (all) => {
        if (all.some((one) => one.lesson === lesson)) state.value = "kept";
      },
      () => {},
    );
    return () => stop.current?.abort();
  }, [lesson]);
  const owner = person.value?.id;
  if (!kept || !owner) return null;
  const store = kept;
  const keep = async () => {
    state.value = "keeping";
    const control = new AbortController();
    stop.current = control;
    try {
      // Asked once by the browser, or never; what is not persistent may go when the phone is full.
      await navigator.storage?.persist?.().catch(() => false);
      const { title } = await api.lesson(lesson);
      const facts = { lesson, title, owner, at: Date.now() };
      await store.keep(
        facts,
        (part) => {
          progress.value = part;
        },
        control.signal,
      );
      state.value = "kept";
    } catch (error) {
      state.value = stateOf(error);
    }
  };
  if (state.value === "kept") {
    return (
      <div class="kept-here" data-testid="kept-here">
        <p>{o().kept}</p>
        <div class="row">
          <LinkButton href={keptUrl(lesson)} outside testid="open-kept">
            {o().open}
          </LinkButton>
          <LinkButton href="/offline">{o().toList}</LinkButton>
        </div>
      </div>
    );
  }
  const text = o().keeping(numberText(Math.floor(progress.value * 100), language.value));
  const said = state.value in SAID ? SAID[state.value as keyof typeof SAID] : null;
  return (
    <div class="kept-here">
      {said && <Notice tone={said === "stopped" ? "warning" : "error"}>{o()[said]}</Notice>}
      {state.value === "keeping" ? (
        <div class="making" data-testid="keeping">
          <progress max={1} value={progress.value} aria-label={text} />
          <span class="digits">{text}</span>
          <Button look="quiet" icon="stop" onClick={() => stop.current?.abort()}>
            {o().stop}
          </Button>
        </div>
      ) : (
        <Button icon="download" testid="keep" onClick={() => void keep()}>
          {progress.value > 0 ? o().goOn : o().keep}
        </Button>
      )}
    </div>
  );
}

export function KeepLesson({ lesson }: { lesson: string }) {
  if (!useOfflineTexts()) return null;
  return kept ? <Keep lesson={lesson} /> : <p class="soft">{o().unable}</p>;
}
