/** The files of a lesson that can be kept: their sizes first, then made once, then saved. */
import { useEffect } from "preact/hooks";
import { m, useMakingTexts } from "../../i18n/making";
import { type Download, downloadUrl } from "../../protocol/making";
import { useAction } from "../../state/action";
import { useLoad } from "../../state/load";
import { isUnderWay, LOOK, making } from "../../state/making";
import { Button, Notice, Problem, Skeleton } from "../basics";
import { Icon } from "../icon";
import { KeepLesson } from "../offline/keep";
import { MakingProgress, sizeText } from "./progress";
import "../../styles/making.css";
import "../../styles/offline.css";

export function DownloadRow(props: {
  lesson: string;
  download: Download;
  make: () => Promise<void>;
}) {
  const { lesson, download } = props;
  const { name, kind, state, bytes } = download;
  const { busy, error, run } = useAction();
  const title = m().names[name];
  return (
    <li class="download" data-testid={`download-${name}`}>
      <div>
        <h3>{title}</h3>
        <p class="soft">
          {m().kinds[kind]} · {state === "ready" ? sizeText(bytes) : m().about(sizeText(bytes))}
        </p>
      </div>
      {state === "ready" ? (
        <a
          class="button button-primary"
          href={downloadUrl(lesson, name)}
          download
          data-testid={`save-${name}`}
        >
          <Icon name="download" />
          <span>
            {m().save}
            <span class="visually-hidden">: {title}</span>
          </span>
        </a>
      ) : (
        !isUnderWay(state) && (
          <Button
            icon="download"
            busy={busy.value}
            testid={`prepare-${name}`}
            onClick={() => void run(props.make)}
          >
            {state === "failed" ? m().again : m().prepare}
            <span class="visually-hidden">: {title}</span>
          </Button>
        )
      )}
      <div class="download-more" role="status">
        {isUnderWay(state) && (
          <MakingProgress
            progress={download.progress ?? 0}
            waits={state === "queued"}
            endsAt={download.ends_at}
          />
        )}
        {state === "failed" && <Notice tone="error">{m().failed}</Notice>}
        {error.value && <Problem error={error.value} />}
        {name === "pack" && state === "ready" && <KeepLesson lesson={lesson} />}
      </div>
    </li>
  );
}

function List({ lesson }: { lesson: string }) {
  const { state, reload } = useLoad(() => making.downloads(lesson), lesson);
  const { value, error } = state.value;
  const replace = (next: Download | null) => {
    if (!next) return;
    const { value: known } = state.value;
    const all = (known ?? []).map((each) => (each.name === next.name ? next : each));
    state.value = { value: all, error: null, loading: false };
  };
  const open = (value ?? []).filter((each) => isUnderWay(each.state)).map(({ name }) => name);
  useEffect(() => {
    if (open.length === 0) return;
    const timer = setInterval(() => {
      // What can not be asked now is asked again in two seconds.
      for (const name of open) making.look(lesson, name).then(replace, () => {});
    }, LOOK);
    return () => clearInterval(timer);
  }, [open.join()]);
  if (!value && error) return <Problem error={error} retry={() => void reload()} />;
  if (!value) return <Skeleton rows={2} />;
  if (value.length === 0) return <p class="soft">{m().none}</p>;
  return (
    <>
      <p class="soft">{m().hint}</p>
      <ul class="downloads">
        {value.map((download) => (
          <DownloadRow
            key={download.name}
            lesson={lesson}
            download={download}
            make={async () => replace(await making.make(lesson, download.name))}
          />
        ))}
      </ul>
    </>
  );
}

export default function Downloads({ lesson }: { lesson: string }) {
  return useMakingTexts() ? <List lesson={lesson} /> : <Skeleton rows={2} />;
}
