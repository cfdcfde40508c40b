/** The replay's pictures in every state, for the page that shows every component. */
import { useReplayTexts } from "../../i18n/replay";
import type { Chapter } from "../../protocol/recording";
import { Picture } from "./pictures";
import { Preview } from "./preview";
import "../../styles/replay.css";

const PICTURE = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90" viewBox="0 0 16 9"><path fill="#0f6b62" d="M0 0h16v9H0z"/><path fill="#fff" d="M2 3h9v1H2zM2 5h6v1H2z"/></svg>',
)}`;

const CHAPTERS: readonly Chapter[] = [
  { at: 0, to: 60_000, title: "Байт чист? Ҳашт бит якҷоя", kind: "slide", number: 1 },
  { at: 60_000, to: 90_000, title: "", kind: "slide", number: 2 },
];

export default function PictureSamples() {
  if (!useReplayTexts()) return null;
  const above = (position: number, url: () => string) => (
    <div class="sample-preview">
      <Preview lesson="sample" position={position} x={0} y={0} chapters={CHAPTERS} url={url} />
    </div>
  );
  return (
    <>
      {above(30_000, () => PICTURE)}
      {above(70_000, () => PICTURE)}
      {above(3_605_000, () => "data:,")}
      <div class="tile sample-picture">
        <Picture
          lesson="sample"
          still={{ type: "still", number: 1, at: 0, widths: [320] }}
          alt="8 бит = 1 байт"
          url={() => PICTURE}
        />
      </div>
    </>
  );
}
