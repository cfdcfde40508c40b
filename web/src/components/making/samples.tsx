/** Files to keep and jobs in every state, for the page that shows every component. */
import { useMakingTexts } from "../../i18n/making";
import type { Download, Job } from "../../protocol/making";
import { serverNow } from "../../state/app";
import { DownloadRow } from "./downloads";
import { JobRow } from "./jobs";

const MINUTE = 60_000;
const at = (minutes: number) => new Date(serverNow() + minutes * MINUTE).toISOString();

const DOWNLOADS: readonly Download[] = [
  { name: "screen", kind: "mp4", bytes: 118_400_000, state: "ready" },
  { name: "camera", kind: "mp4", bytes: 412_000_000, state: "none" },
  { name: "camera", kind: "mp4", bytes: 412_000_000, state: "queued", progress: 0 },
  {
    name: "camera",
    kind: "mp4",
    bytes: 1_412_000_000,
    state: "running",
    progress: 0.42,
    ends_at: at(3),
  },
  { name: "voice", kind: "m4a", bytes: 31_000_000, state: "failed" },
  { name: "pack", kind: "html", bytes: 17_000_000, state: "none" },
  { name: "pack", kind: "html", bytes: 16_800_000, state: "ready" },
];

const JOB: Job = {
  id: "sample",
  lesson: "sample",
  title: "Байт чист? Ҳашт бит якҷоя",
  kind: "h264",
  state: "running",
  progress: 0.42,
  ends_at: at(12),
  reason: null,
  log: [],
};
const DAMAGE = "camera-0003 is damaged at 1260400 ms (its boxes do not agree): left out";

const JOBS: readonly Job[] = [
  JOB,
  { ...JOB, kind: "aac", state: "queued", progress: 0, ends_at: null },
  {
    ...JOB,
    kind: "download",
    state: "failed",
    reason: "disk-full",
    log: [
      { at: at(-2), text: DAMAGE },
      { at: at(-1), text: "No room is left beside the reserve" },
    ],
  },
  { ...JOB, kind: "captions", state: "cancelled" },
];

const nothing = async () => {};

export function MakingSamples() {
  if (!useMakingTexts()) return null;
  return (
    <div class="card">
      <ul class="downloads">
        {DOWNLOADS.map((download) => (
          <DownloadRow
            key={JSON.stringify(download)}
            lesson="sample"
            download={download}
            make={nothing}
          />
        ))}
      </ul>
      <ul class="jobs">
        {JOBS.map((job) => (
          <JobRow key={JSON.stringify(job)} job={job} change={nothing} />
        ))}
      </ul>
    </div>
  );
}
