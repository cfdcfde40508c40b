/** What is kept on this device: opens with the network off, goes at a tap. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Empty, LinkButton, Notice, Skeleton } from "../components/basics";
import { sizeText } from "../components/making/progress";
import { Page } from "../components/shell";
import { When } from "../components/time";
import { UserText } from "../components/user-text";
import { useMakingTexts } from "../i18n/making";
import { o, useOfflineTexts } from "../i18n/offline";
import { offer } from "../offline/begin";
import { type KeptLesson, kept, keptUrl } from "../offline/kept";
import { person } from "../state/app";
import { useLoad } from "../state/load";
import "../styles/offline.css";

export function KeptRow({ lesson, remove }: { lesson: KeptLesson; remove: () => void }) {
  return (
    <div class="card kept" data-testid="kept">
      <div>
        <h2>
          <UserText>{lesson.title}</UserText>
        </h2>
        <p class="soft">
          {sizeText(lesson.bytes)} · <When at={new Date(lesson.at).toISOString()} />
        </p>
      </div>
      <div class="row">
        <LinkButton look="primary" icon="play" href={keptUrl(lesson.lesson)} outside>
          {o().open}
          <span class="visually-hidden">: {lesson.title}</span>
        </LinkButton>
        <Button
          look="quiet"
          icon="error"
          testid="remove-kept"
          onClick={() => {
            if (window.confirm(o().removeConfirm(lesson.title))) remove();
          }}
        >
          {o().remove}
          <span class="visually-hidden">: {lesson.title}</span>
        </Button>
      </div>
    </div>
  );
}

/** How much room there is, as far as the browser tells. */
function Room() {
  const room = useSignal<{ used: number; free: number } | null>(null);
  useEffect(() => {
    navigator.storage?.estimate?.().then(
      ({ usage = 0, quota = 0 }) => {
        room.value = { used: usage, free: Math.max(0, quota - usage) };
      },
      () => {},
    );
  }, []);
  if (!room.value) return null;
  return <p class="soft">{o().room(sizeText(room.value.used), sizeText(room.value.free))}</p>;
}

function useOnline() {
  const online = useSignal(navigator.onLine);
  useEffect(() => {
    const look = () => {
      online.value = navigator.onLine;
    };
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online.value;
}

function Install() {
  const chance = offer.value;
  if (!chance) return null;
  return (
    <div class="row">
      <Button
        icon="download"
        testid="install"
        onClick={() => {
          offer.value = null;
          void chance.prompt();
        }}
      >
        {o().install}
      </Button>
      <span class="soft">{o().installHint}</span>
    </div>
  );
}

function Shown() {
  const { state, reload } = useLoad(async () => {
    // Whoever signs in on a shared device does not see what another person was given.
    const who = person.value?.id;
    if (who) await kept?.removeOthers(who);
    return (await kept?.list()) ?? [];
  }, person.value?.id);
  const online = useOnline();
  const { value } = state.value;
  return (
    <Page title={o().title} lead={o().lead} narrow>
      {!online && (
        <Notice tone="warning" title={o().away} testid="away">
          {o().awayHint}
        </Notice>
      )}
      {!kept && <Notice tone="warning">{o().unable}</Notice>}
      {!value && kept && <Skeleton rows={2} />}
      {value?.length === 0 && (
        <Empty icon="download" title={o().empty}>
          {o().emptyHint}
        </Empty>
      )}
      <ul class="list">
        {value?.map((lesson) => (
          <li key={lesson.lesson}>
            <KeptRow
              lesson={lesson}
              remove={() => void kept?.remove(lesson.lesson).then(() => reload())}
            />
          </li>
        ))}
      </ul>
      <Room />
      <Install />
    </Page>
  );
}

export default function OfflinePage() {
  const own = useOfflineTexts();
  return useMakingTexts() && own ? <Shown /> : <Skeleton rows={2} />;
}
