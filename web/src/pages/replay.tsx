/** The replay of a lesson: voice and pictures on one clock, and the questions as they were then. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useRoute } from "preact-iso";
import { LinkButton, Problem, Skeleton } from "../components/basics";
import { useFullscreen, useWakeLock } from "../components/live/browser";
import { names } from "../components/names";
import { useLater } from "../components/questions/later";
import { ReplayBar } from "../components/replay/bar";
import { CaptionsLayer } from "../components/replay/captions";
import { ReplayOver } from "../components/replay/over";
import { ReplayStage } from "../components/replay/stage";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import { r, useReplayTexts } from "../i18n/replay";
import { expose } from "../state/debug";
import { nextLayout } from "../state/layout";
import { plain } from "../state/questions-reducer";
import { Replay, replayLayout } from "../state/replay";
import { type ReplayAction, useReplayKeys } from "../state/replay-keys";
import { otherChapter } from "../state/replay-view";
import "../styles/live.css";
import "../styles/replay.css";

/** How much louder or quieter an arrow makes it. */
const VOLUME_STEP = 0.1;

function Top({ replay }: { replay: Replay }) {
  const lesson = replay.lesson.value;
  const back = lesson?.course ? `/courses/${lesson.course.id}` : "/";
  return (
    <header class="live-top">
      <LanguageSwitch />
      <div class="live-title">
        <h1>{lesson ? <UserText>{lesson.title}</UserText> : r().title}</h1>
        <p class="soft">
          {lesson?.course && <UserText>{lesson.course.title}</UserText>}
          {lesson && lesson.teachers.length > 0 && <span>{names(lesson.teachers)}</span>}
        </p>
      </div>
      {lesson?.state === "live" && (
        <LinkButton look="primary" icon="play" href={`/lessons/${lesson.id}`} testid="go-live">
          {r().goLive}
        </LinkButton>
      )}
      <LinkButton icon="leave" href={back} testid="leave">
        {t().leave}
      </LinkButton>
    </header>
  );
}

function useActions(
  replay: Replay,
  outside: { full: () => void; search: () => void; help: () => void },
) {
  const voice = () => document.querySelector<HTMLMediaElement>("[data-testid=voice]");
  useReplayKeys((action: ReplayAction) => {
    switch (action.name) {
      case "play":
        return replay.toggle();
      case "step":
        return replay.step(action.seconds);
      case "frame":
        replay.player.pause();
        return replay.step(action.seconds);
      case "share":
        return replay.seek(action.of * replay.length.value);
      case "speed":
        return replay.changeSpeed(action.up);
      case "mute":
        replay.muted.value = !replay.muted.value;
        return;
      case "layout":
        return replay.setLayout(nextLayout(replayLayout.value));
      case "swap":
        replay.swap.value = !replay.swap.value;
        return;
      case "volume": {
        const element = voice();
        if (!element) return;
        const next = element.volume + (action.up ? VOLUME_STEP : -VOLUME_STEP);
        element.volume = Math.min(1, Math.max(0, next));
        return;
      }
      case "captions":
        return replay.captions.toggle();
      case "chapter": {
        const at = otherChapter(replay.chapters, replay.state.value.position, action.up);
        if (at !== null) replay.seek(at);
        return;
      }
      case "fullscreen":
        return outside.full();
      case "search":
        return outside.search();
      case "help":
        return outside.help();
    }
  });
}

function Inside({ id }: { id: string }) {
  const parameter = new URLSearchParams(location.search).get("t");
  const replay = useMemo(() => new Replay(id, parameter), [id]);
  const stage = useRef<HTMLDivElement>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const search = useSignal("");
  const keysShown = useSignal(false);
  const begun = useRef(false);
  const full = useFullscreen(stage);
  const Side = useLater(() => import("../components/replay/side"));
  const lesson = replay.lesson.value;
  const { playing } = replay.state.value;
  if (playing) begun.current = true;
  useTitle(lesson?.title ?? r().title);
  useWakeLock(playing);
  useEffect(() => {
    void replay.open();
    expose({
      replay: () => ({
        ...replay.player.state,
        drift: replay.player.drift(),
        questions: plain(replay.questions.value),
      }),
    });
    return () => replay.close();
  }, [replay]);
  useActions(replay, {
    full: full.toggle,
    search: () => searchRef.current?.focus(),
    help: () => {
      keysShown.value = !keysShown.value;
    },
  });
  const error = replay.error.value;
  const nothing = replay.facts.value?.state === "none" || replay.unplayable.value;
  return (
    <div class="live with-questions replay">
      <Top replay={replay} />
      <main id="content" class="live-main" tabIndex={-1}>
        {error || nothing ? (
          <div class="centre stage" data-testid="no-replay">
            <h2>{replay.unplayable.value ? r().old : r().none}</h2>
            {!replay.unplayable.value && <p class="soft">{r().noneHint}</p>}
            {error && error.status !== 404 && error.status !== 403 && (
              <Problem error={error} retry={() => void replay.open()} />
            )}
          </div>
        ) : (
          <ReplayStage replay={replay} stageRef={stage}>
            <CaptionsLayer captions={replay.captions} position={replay.state.value.position} />
            {replay.length.value === 0 ? (
              <div class="stage-message">
                <Skeleton rows={1} />
              </div>
            ) : (
              <ReplayOver
                state={replay.state.value}
                over={replay.ended.value}
                title={lesson?.title ?? ""}
                begun={begun.current}
                preparing={replay.awaitsPictures}
                onPlay={() => replay.toggle()}
              />
            )}
          </ReplayStage>
        )}
        <ReplayBar replay={replay} stage={stage} full={full} keysShown={keysShown} />
        {lesson && Side && (
          <Side replay={replay} lesson={lesson} search={search} searchRef={searchRef} />
        )}
      </main>
      <Announcer />
    </div>
  );
}

export default function ReplayPage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  if (!useReplayTexts()) return <Skeleton rows={2} />;
  return <Inside key={id} id={id} />;
}
