/** The captions of a recording: one set per language, brought, taken home, deleted, brought back. */
import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { LANGUAGE_NAMES } from "../../i18n";
import { b } from "../../i18n/library";
import type { ApiError } from "../../protocol/api";
import { type CaptionsRow, captionsUrl, sendCaptions } from "../../protocol/captions";
import type { KeptFacts } from "../../protocol/recording";
import { LANGUAGES, type Language } from "../../protocol/types";
import { useAction } from "../../state/action";
import { library } from "../../state/library";
import { useLoad } from "../../state/load";
import { Button, Notice, Problem, Skeleton } from "../basics";
import { Icon } from "../icon";
import { When } from "../time";

function faultText(error: ApiError): string {
  const faults: Readonly<Record<string, string>> = b().captionFaults;
  return faults[String(error.problem.fault)] ?? error.detail;
}

function Refused({ error }: { error: ApiError }) {
  const known: Readonly<Record<string, string>> = {
    "captions-unreadable": b().captionsUnreadable(
      Number(error.problem.line) || 1,
      faultText(error),
    ),
    "captions-empty": b().captionsEmpty,
    "captions-outside": b().captionsOutside,
    "too-large": b().captionsTooLarge,
    "captions-there": b().captionsThere,
  };
  const text = known[error.code];
  return text ? (
    <Notice tone="error" alert testid="captions-refused">
      {text}
    </Notice>
  ) : (
    <Problem error={error} />
  );
}

function Choose(props: { label: string; busy: boolean; onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon="plus" busy={props.busy} onClick={() => input.current?.click()}>
        {props.label}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".vtt,text/vtt"
        data-testid="captions-file"
        onChange={(event) => {
          const field = event.currentTarget;
          const file = field.files?.[0];
          if (file) props.onFile(file);
          // The same file can be chosen again, once it is mended.
          field.value = "";
        }}
      />
    </>
  );
}

function Standing({ row }: { row: CaptionsRow | undefined }) {
  if (!row) return <p class="soft">{b().noCaptions}</p>;
  if (row.deleted) return <p class="soft">{b().captionsDeleted}</p>;
  return (
    <p class="soft">
      {row.automatic && <span class="badge badge-practice">{b().automatic}</span>}{" "}
      {b().captionLines(row.cues)} · <When at={row.at} />
      {row.by && ` · ${row.by}`}
    </p>
  );
}

/** Whether a machine writes captions here: it is at it, it can, or why it can not. */
export type Drafting = number | "possible" | "not-installed" | "no-model";

export interface LanguageCaptionsProps {
  lesson: string;
  language: Language;
  row: CaptionsRow | undefined;
  drafting: Drafting;
  send: (file: File) => Promise<void>;
  draft: () => Promise<void>;
  setDeleted: (deleted: boolean) => Promise<void>;
}

function Draft(props: { drafting: Drafting; busy: boolean; onDraft: () => void }) {
  const { drafting } = props;
  if (typeof drafting === "number") {
    const label = b().draftingAt(Math.floor(100 * drafting));
    return (
      <p class="drafting" data-testid="drafting">
        <progress value={drafting} max={1} aria-label={label} />
        {label}
      </p>
    );
  }
  if (drafting !== "possible") {
    return <p class="hint">{drafting === "no-model" ? b().draftNoModel : b().draftInstall}</p>;
  }
  return (
    <div>
      <Button icon="edit" busy={props.busy} testid="captions-draft" onClick={props.onDraft}>
        {b().draft}
      </Button>
    </div>
  );
}

export function LanguageCaptions(props: LanguageCaptionsProps) {
  const { lesson, language, row } = props;
  const { busy, error, run } = useAction();
  const there = row !== undefined && !row.deleted;
  return (
    <li class="captions-row" data-testid={`captions-${language}`}>
      <h3 lang={language}>{LANGUAGE_NAMES[language].full}</h3>
      <Standing row={row} />
      <div class="row">
        <Choose
          label={there ? b().replaceCaptions : b().addCaptions}
          busy={busy.value}
          onFile={(file) => void run(() => props.send(file))}
        />
        {there && (
          <a
            class="button button-plain"
            href={captionsUrl(lesson, language)}
            download={`${lesson}-${language}.vtt`}
            target="_top"
          >
            <Icon name="download" />
            <span>{b().downloadCaptions}</span>
          </a>
        )}
        {row && (
          <Button
            look="quiet"
            icon={there ? "error" : "undo"}
            busy={busy.value}
            testid={there ? "captions-delete" : "captions-restore"}
            onClick={() => void run(() => props.setDeleted(there))}
          >
            {there ? b().remove : b().restore}
          </Button>
        )}
      </div>
      {(!there || row.automatic) && (
        <Draft drafting={props.drafting} busy={busy.value} onDraft={() => void run(props.draft)} />
      )}
      {error.value && <Refused error={error.value} />}
    </li>
  );
}

/** Ms between two looks at how far the machine is. */
const LOOK_PERIOD = 3_000;

/** Follow the drafts that are being made; `done` is told when one of them is not any more. */
function useDrafting(lesson: string, done: () => void) {
  const drafting = useSignal<Partial<Record<Language, number>>>({});
  const look = useCallback(async () => {
    const before = Object.keys(drafting.value).length;
    try {
      drafting.value = await library.drafting(lesson);
    } catch {
      // The next look tells.
      return;
    }
    if (Object.keys(drafting.value).length < before) done();
  }, [lesson]);
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), LOOK_PERIOD);
    return () => clearInterval(timer);
  }, [look]);
  return { drafting, look };
}

function draftingOf(
  language: Language,
  at: Partial<Record<Language, number>>,
  drafts: KeptFacts["drafts"],
): Drafting {
  if (!drafts.languages.includes(language)) return "no-model";
  if (!drafts.installed) return "not-installed";
  return at[language] ?? "possible";
}

export function CaptionsList({ lesson }: { lesson: string }) {
  const { state, reload } = useLoad(() => library.recording(lesson), lesson);
  const { drafting, look } = useDrafting(lesson, () => void reload());
  const said = useSignal("");
  const { value, error } = state.value;
  if (!value && error) return <Problem error={error} retry={() => void reload()} />;
  if (!value) return <Skeleton rows={2} />;
  const changed = async (words: string) => {
    await reload();
    said.value = words;
  };
  return (
    <>
      <p class="hint">{b().captionsHint}</p>
      <ul class="captions-list">
        {LANGUAGES.map((language) => (
          <LanguageCaptions
            key={language}
            lesson={lesson}
            language={language}
            row={value.captions.find((row) => row.language === language)}
            drafting={draftingOf(language, drafting.value, value.drafts)}
            draft={async () => {
              await library.draftCaptions(lesson, language);
              await look();
            }}
            send={async (file) => {
              await sendCaptions(lesson, language, file);
              await changed(b().saved);
            }}
            setDeleted={async (deleted) => {
              if (deleted) await library.deleteCaptions(lesson, language);
              else await library.restoreCaptions(lesson, language);
              await changed(deleted ? b().captionsDeleted : b().saved);
            }}
          />
        ))}
      </ul>
      <p class="visually-hidden" role="status">
        {said.value}
      </p>
    </>
  );
}
