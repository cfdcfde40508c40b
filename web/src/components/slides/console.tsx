/** Slides on the teacher's page: uploaded, turned, hidden, deleted. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useSlideTexts } from "../../i18n/slides";
import type { ApiError } from "../../protocol/api";
import type { LessonView } from "../../protocol/lesson-log";
import type { Deck, PageRef, Slide } from "../../protocol/slides";
import { decksOf, dropDeck, showSlide } from "../../protocol/slides-api";
import { type Upload, upload } from "../../protocol/slides-upload";
import type { Lesson } from "../../protocol/types";
import { api, asApiError } from "../../state/app";
import { useShortcuts } from "../../state/shortcuts";
import { isSame, Remote, turned } from "../../state/slides";
import "../../styles/slides.css";
import { Desk, type Sending } from "./desk";

/** Keep the decks of a lesson, and send files into it. */
function useDecks(lesson: string) {
  const decks = useSignal<readonly Deck[]>([]);
  const chosen = useSignal<string | null>(null);
  const sending = useSignal<Sending | null>(null);
  const error = useSignal<ApiError | null>(null);
  const current = useMemo<{ upload: Upload | null }>(() => ({ upload: null }), []);
  const attempt = async (work: () => Promise<void>) => {
    error.value = null;
    try {
      await work();
    } catch (problem) {
      const known = asApiError(problem);
      if (known.code !== "aborted") error.value = known;
    }
  };
  const load = async () => {
    decks.value = await decksOf(api, lesson);
  };
  useEffect(() => {
    void attempt(load);
    return () => current.upload?.abort();
  }, [lesson]);
  const send = (file: File) =>
    attempt(async () => {
      const say = (part: number) => {
        sending.value = { name: file.name, part };
      };
      say(0);
      try {
        current.upload = upload(lesson, file, say);
        const deck = await current.upload.deck;
        decks.value = [...decks.value, deck];
        chosen.value = deck.id;
      } finally {
        current.upload = null;
        sending.value = null;
      }
    });
  const remove = (deck: string) =>
    attempt(async () => {
      await dropDeck(api, lesson, deck);
      await load();
    });
  return {
    decks,
    chosen,
    sending,
    error,
    attempt,
    send,
    remove,
    cancel: () => current.upload?.abort(),
  };
}

/** Follow what is shown, and what was wished a moment ago. */
function useRemote(lesson: string, slide: Slide | null) {
  const remote = useMemo(() => new Remote((wish) => showSlide(api, lesson, wish)), [lesson]);
  const wished = useSignal<{ wish: PageRef | null } | null>(null);
  const last = useSignal<PageRef | null>(null);
  if (slide) last.value = { deck: slide.deck, page: slide.page };
  const show = async (wish: PageRef | null) => {
    wished.value = { wish };
    try {
      await remote.wish(wish);
    } catch (problem) {
      wished.value = null;
      throw problem;
    }
  };
  useEffect(() => {
    if (wished.value && isSame(wished.value.wish, slide)) wished.value = null;
  }, [slide, wished.value]);
  return { at: wished.value ? wished.value.wish : slide, last: last.value, show };
}

export default function SlidesConsole({
  lesson,
  view,
}: {
  lesson: Lesson;
  view: LessonView | null;
}) {
  const slide = view?.slide ?? null;
  // A shared screen stands where slides would.
  const covered = Boolean(view?.slots.screen);
  const { decks, chosen, sending, error, attempt, send, remove, cancel } = useDecks(lesson.id);
  const { at, last, show } = useRemote(lesson.id, slide);
  const open = lesson.state === "live" || lesson.state === "practice";
  const wish = (page: PageRef | null) => void attempt(() => show(page));
  const deck =
    decks.value.find((each) => each.id === chosen.value) ??
    decks.value.find((each) => each.id === at?.deck) ??
    decks.value[0] ??
    null;
  const first = deck?.pages[0];
  // Slides that were hidden come back where they stood.
  const stood = last?.deck === deck?.id ? last : null;
  const begin = stood ?? (deck && first ? { deck: deck.id, page: first.page } : null);
  const turn = (by: number) => {
    const page = turned(decks.value, at, by);
    if (page) wish(page);
  };
  const toggle = () => {
    if (at) wish(null);
    else if (begin) wish(begin);
  };
  // Without slides on, these keys scroll the page as everywhere.
  const keys = { KeyB: toggle, PageDown: () => turn(1), PageUp: () => turn(-1) };
  useShortcuts(open && (at || last) ? keys : {});
  if (!useSlideTexts()) return null;
  return (
    <Desk
      lesson={lesson.id}
      open={open}
      covered={covered}
      decks={decks.value}
      deck={deck}
      at={at}
      sending={sending.value}
      error={error.value}
      onFile={(file) => void send(file)}
      onCancel={cancel}
      onChoose={(id) => {
        chosen.value = id;
      }}
      onRemove={(id) => void remove(id)}
      onShow={wish}
      onTurn={turn}
      onToggle={toggle}
    />
  );
}
