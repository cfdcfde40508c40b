/** A live lesson for the ear: it goes on while the phone is locked, with the controls of its lock screen. */

import { useEffect, useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import { Button, LinkButton, Notice, Problem, Skeleton } from "../components/basics";
import { amountText } from "../components/live/data-meter";
import { Page } from "../components/shell";
import { t } from "../i18n";
import { m, useModeTexts } from "../i18n/modes";
import type { Lesson } from "../protocol/types";
import { api } from "../state/app";
import { Listening, type ListenState, LOOK_PERIOD, streamOf } from "../state/listening";
import { useLoad } from "../state/load";
import { perHour } from "../state/reception";

/** Bits a second of the stream: Opus at 32 kbit/s in WebM, with the headers of TCP. */
const STREAM_BITS = 36_000;

/** Show the lesson on the lock screen, and obey its buttons. */
function useMediaSession(lesson: Lesson, listening: Listening): void {
  useEffect(() => {
    const session = navigator.mediaSession;
    if (!session) return;
    session.metadata = new MediaMetadata({
      title: lesson.title,
      artist: lesson.teachers.map((each) => each.name).join(", "),
      album: lesson.course?.title ?? t().appName,
    });
    const actions = [
      ["play", () => listening.play()],
      ["pause", () => listening.stop()],
      ["stop", () => listening.stop()],
    ] as const;
    for (const [name, call] of actions) session.setActionHandler(name, call);
    const stop = listening.state.subscribe((state) => {
      session.playbackState = state === "idle" || state === "over" ? "paused" : "playing";
    });
    return () => {
      stop();
      for (const [name] of actions) session.setActionHandler(name, null);
      session.metadata = null;
    };
  }, [lesson.id, lesson.title, listening]);
}

export interface ListenControlsProps {
  state: ListenState;
  onPlay: () => void;
  onStop: () => void;
}

export function ListenControls({ state, onPlay, onStop }: ListenControlsProps) {
  const words = m().listen;
  return (
    <>
      <p role="status" data-testid="listen-state" data-state={state}>
        {words.states[state]}
      </p>
      {state === "idle" && (
        <Button look="primary" large icon="play" testid="listen-play" onClick={onPlay}>
          {words.play}
        </Button>
      )}
      {(state === "connecting" || state === "playing") && (
        <Button large icon="pause" testid="listen-stop" onClick={onStop}>
          {words.pause}
        </Button>
      )}
    </>
  );
}

function Inside({ lesson }: { lesson: Lesson }) {
  const listening = useMemo(() => {
    const audio = new Audio();
    audio.preload = "none";
    const url = streamOf(lesson.id, (type) => audio.canPlayType(type));
    const made = new Listening(audio, url, async () => {
      return (await api.lesson(lesson.id)).state === "ended";
    });
    audio.addEventListener("playing", () => made.onPlaying());
    audio.addEventListener("pause", () => made.onPause());
    audio.addEventListener("ended", () => made.onBroken());
    audio.addEventListener("error", () => made.onBroken());
    return made;
  }, [lesson.id]);
  useEffect(() => {
    const timer = setInterval(() => listening.look(), LOOK_PERIOD);
    return () => {
      clearInterval(timer);
      listening.stop();
    };
  }, [listening]);
  useMediaSession(lesson, listening);
  return (
    <>
      <ListenControls
        state={listening.state.value}
        onPlay={() => listening.play()}
        onStop={() => listening.stop()}
      />
      <Notice tone="info">
        <p>{m().listen.hint}</p>
        <p>{m().perHour(amountText(perHour(STREAM_BITS)))}</p>
      </Notice>
      <LinkButton icon="question" href={`/lessons/${lesson.id}`} testid="listen-back">
        {m().listen.back}
      </LinkButton>
    </>
  );
}

export default function ListenPage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  const { state, reload } = useLoad(() => api.lesson(id), id);
  const ready = useModeTexts();
  const { value: lesson, error } = state.value;
  if (error && !lesson) {
    return (
      <Page title="" narrow>
        <Problem error={error} retry={() => void reload()} />
      </Page>
    );
  }
  if (!lesson || !ready) return <Skeleton rows={2} />;
  return (
    <Page title={lesson.title} narrow lead={m().listen.title}>
      <Inside key={lesson.id} lesson={lesson} />
    </Page>
  );
}
