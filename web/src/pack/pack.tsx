/** The page inside a lesson pack: it opens from a file and asks nobody for anything. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Icon, type IconName } from "../components/icon";
import { LANGUAGE_NAMES } from "../i18n";
import { dateText, durationText } from "../i18n/dates";
import type { PackMessages } from "../i18n/pack/en";
import { scriptLanguage } from "../i18n/script";
import { LANGUAGES, type Language } from "../protocol/types";
import { actionOf, isTaken } from "../state/replay-keys";
import { changedSpeed, otherChapter, SPEEDS } from "../state/replay-view";
import { stillAddress } from "./embedded";
import { current, find, type PackFacts, type PackQuestion, placeOf } from "./facts";
import type { Player } from "./player";

const STEP = 10_000;
/** Ms by which the arrow keys move the line's handle. */
const FINE_STEP = 5_000;

const clock = (ms: number) => durationText(ms / 1_000);

export interface PackProps {
  facts: PackFacts;
  player: Player;
  messages: Readonly<Record<Language, PackMessages>>;
}

export function Pack({ facts, player, messages }: PackProps) {
  const language = useSignal<Language>(facts.language);
  const words = useSignal("");
  const tab = useSignal<"chapters" | "questions">("chapters");
  const p = messages[language.value];
  useEffect(() => {
    document.documentElement.lang = language.value;
  }, [language.value]);
  usePackKeys(facts, player);
  const go = (position: number) => void player.go(position);
  return (
    <main class="pack">
      <header class="pack-head">
        <div>
          <h1 lang={scriptLanguage(facts.title) ?? undefined}>{facts.title}</h1>
          <p class="soft">
            {[facts.course, dateText(facts.date, 0, "UTC", language.value)]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </div>
        <Languages
          chosen={language.value}
          label={p.language}
          choose={(l) => (language.value = l)}
        />
      </header>
      <div class="pack-stage">
        <Slide facts={facts} player={player} p={p} />
        <Bar facts={facts} player={player} p={p} />
      </div>
      <section class="pack-side" aria-label={p.parts}>
        <label class="pack-search">
          <span class="visually-hidden">{p.search}</span>
          <Icon name="search" />
          <input
            type="search"
            placeholder={p.search}
            value={words.value}
            data-testid="search"
            onInput={(event) => (words.value = event.currentTarget.value)}
          />
        </label>
        {words.value.trim() ? (
          <Found facts={facts} words={words.value} p={p} go={go} />
        ) : (
          <>
            <div class="pack-tabs" role="tablist">
              {(["chapters", "questions"] as const).map((each) => (
                <button
                  key={each}
                  type="button"
                  role="tab"
                  class="button button-quiet"
                  aria-selected={tab.value === each}
                  data-testid={`tab-${each}`}
                  onClick={() => (tab.value = each)}
                >
                  {p[each]} ({facts[each].length})
                </button>
              ))}
            </div>
            {tab.value === "chapters" ? (
              <Chapters facts={facts} player={player} p={p} go={go} />
            ) : (
              <Questions facts={facts} p={p} go={go} />
            )}
          </>
        )}
        <p class="soft pack-note">{p.offline}</p>
      </section>
    </main>
  );
}

function Languages(props: {
  chosen: Language;
  label: string;
  choose: (language: Language) => void;
}) {
  return (
    <fieldset class="languages" aria-label={props.label}>
      {LANGUAGES.map((each) => (
        <button
          key={each}
          type="button"
          lang={each}
          title={LANGUAGE_NAMES[each].full}
          aria-pressed={each === props.chosen}
          data-testid={`language-${each}`}
          onClick={() => props.choose(each)}
        >
          {LANGUAGE_NAMES[each].short}
        </button>
      ))}
    </fieldset>
  );
}

interface PartProps {
  facts: PackFacts;
  player: Player;
  p: PackMessages;
}

function Slide({ facts, player, p }: PartProps) {
  const slide = useComputed(() => current(facts.slides, player.position.value));
  const address = slide.value && stillAddress(slide.value.number);
  return (
    <figure class="pack-slide">
      {address && slide.value ? (
        <img src={address} alt={facts.texts[slide.value.number] || p.slide(slide.value.number)} />
      ) : (
        <figcaption class="soft">{p.noSlide}</figcaption>
      )}
    </figure>
  );
}

function IconButton(props: { icon: IconName; label: string; testid: string; act: () => void }) {
  return (
    <button
      type="button"
      class="button button-plain button-icon"
      aria-label={props.label}
      title={props.label}
      data-testid={props.testid}
      onClick={props.act}
    >
      <Icon name={props.icon} />
    </button>
  );
}

function Bar({ facts, player, p }: PartProps) {
  const state = player.state.value;
  if (state === "broken" || state === "old") {
    return (
      <p class="pack-trouble" role="alert">
        {p[state]}
      </p>
    );
  }
  const playing = player.playing.value;
  const position = player.position.value;
  return (
    <div class="pack-bar">
      <Line facts={facts} player={player} p={p} />
      <div class="row">
        <button
          type="button"
          class="button button-primary"
          disabled={state === "loading"}
          data-testid="play"
          onClick={() => void player.toggle()}
        >
          <Icon name={playing ? "pause" : "play"} />
          <span>{playing ? p.pause : p.play}</span>
        </button>
        <IconButton
          icon="backward"
          label={p.back}
          testid="back"
          act={() => player.seek(position - STEP)}
        />
        <IconButton
          icon="forward"
          label={p.forward}
          testid="forward"
          act={() => player.seek(position + STEP)}
        />
        <label class="pack-speed">
          <span>{p.speed}</span>
          <select
            value={player.speed.value}
            data-testid="speed"
            onChange={(event) => player.setSpeed(event.currentTarget.value)}
          >
            {SPEEDS.map((each) => (
              <option key={each} value={each}>
                {each}×
              </option>
            ))}
          </select>
        </label>
        <span class="digits pack-time" data-testid="time">
          {clock(position)} / {clock(facts.length)}
        </span>
      </div>
      {state === "loading" && <p role="status">{p.loading}</p>}
    </div>
  );
}

function share(part: number, whole: number): string {
  return `${(100 * Math.min(1, Math.max(0, part / Math.max(1, whole)))).toFixed(3)}%`;
}

function Line({ facts, player, p }: PartProps) {
  const position = player.position.value;
  return (
    <div class="seek">
      <div class="seek-marks" aria-hidden="true">
        <span class="seek-done" style={{ width: share(position, facts.length) }} />
        {facts.gaps.map(({ at, to }) => (
          <span
            key={at}
            class="seek-hole"
            title={p.missing(clock(at), clock(to))}
            style={{ left: share(at, facts.length), width: share(to - at, facts.length) }}
          />
        ))}
        {facts.chapters.map((chapter) => (
          <span
            key={chapter.at}
            class={`seek-mark seek-${chapter.kind}`}
            title={chapter.title}
            style={{ left: share(chapter.at, facts.length) }}
          />
        ))}
      </div>
      <input
        type="range"
        min={0}
        max={Math.max(1, facts.length)}
        step={FINE_STEP}
        value={position}
        aria-label={p.seek}
        aria-valuetext={p.place(clock(position), clock(facts.length))}
        data-testid="seek"
        onInput={(event) => player.seek(Number(event.currentTarget.value))}
      />
    </div>
  );
}

type Go = (position: number) => void;

function Place(props: { at: number; title: string; here?: boolean; go: Go }) {
  return (
    <button
      type="button"
      class="pack-place"
      aria-current={props.here ? "true" : undefined}
      onClick={() => props.go(props.at)}
    >
      <span class="digits soft">{clock(props.at)}</span>
      <span lang={scriptLanguage(props.title) ?? undefined}>{props.title}</span>
    </button>
  );
}

function Chapters({ facts, player, p, go }: PartProps & { go: Go }) {
  const here = useComputed(() => current(facts.chapters, player.position.value)?.at);
  if (!facts.chapters.length) return <p class="soft">{p.noChapters}</p>;
  return (
    <ol class="pack-list" data-testid="chapters">
      {facts.chapters.map((chapter) => (
        <li key={chapter.at}>
          <Place
            at={chapter.at}
            title={chapter.title || p.slide(chapter.number ?? 0)}
            here={chapter.at === here.value}
            go={go}
          />
        </li>
      ))}
    </ol>
  );
}

function Questions({ facts, p, go }: { facts: PackFacts; p: PackMessages; go: Go }) {
  if (!facts.questions.length) return <p class="soft">{p.noQuestions}</p>;
  return (
    <ol class="pack-list" data-testid="questions">
      {facts.questions.map((question) => (
        <QuestionItem key={question.number} question={question} p={p} go={go} />
      ))}
    </ol>
  );
}

function QuestionItem({ question, p, go }: { question: PackQuestion; p: PackMessages; go: Go }) {
  const at = placeOf(question);
  const label = question.answer === null ? p.toQuestion : p.toAnswer;
  return (
    <li class="pack-question">
      <p lang={scriptLanguage(question.text) ?? undefined}>
        <b class="digits">{question.number}.</b> {question.text}
      </p>
      {question.answers.map((answer) => (
        <blockquote key={answer.text} lang={scriptLanguage(answer.text) ?? undefined}>
          <small class="soft">{answer.teacher ? p.teacher : p.classmate}</small>
          <p>{answer.text}</p>
        </blockquote>
      ))}
      {at !== null && (
        <button type="button" class="button button-quiet" onClick={() => go(at)}>
          <Icon name="play" />
          <span>{label(clock(at))}</span>
        </button>
      )}
    </li>
  );
}

function Found(props: { facts: PackFacts; words: string; p: PackMessages; go: Go }) {
  const found = find(props.facts, props.words);
  if (!found.length) return <p role="status">{props.p.nothingFound}</p>;
  return (
    <ol class="pack-list" data-testid="found">
      {found.map((one) => (
        <li key={`${one.kind}${one.number}-${one.at}`}>
          {one.at === null ? (
            <p class="pack-place">{one.title}</p>
          ) : (
            <Place at={one.at} title={one.title} go={props.go} />
          )}
        </li>
      ))}
    </ol>
  );
}

/** The keys of the replay, as far as a pack has what they do. */
function usePackKeys(facts: PackFacts, player: Player): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionOf(event);
      const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
      if (!action || typing || isTaken(event) || event.ctrlKey || event.altKey || event.metaKey) {
        return;
      }
      const position = player.position.value;
      if (action.name === "play") void player.toggle();
      else if (action.name === "step") player.seek(position + action.seconds * 1_000);
      else if (action.name === "share") player.seek(action.of * facts.length);
      else if (action.name === "mute") player.mute();
      else if (action.name === "speed") {
        player.setSpeed(changedSpeed(player.speed.value, action.up, false));
      } else if (action.name === "chapter") {
        const at = otherChapter(facts.chapters, position, action.up);
        if (at !== null) player.seek(at);
      } else if (action.name === "search") {
        document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
      } else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [facts, player]);
}
