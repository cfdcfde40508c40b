/** What is made in the background of the recordings somebody looks after. */
import { useEffect } from "preact/hooks";
import { m, useMakingTexts } from "../../i18n/making";
import type { Job } from "../../protocol/making";
import { useAction } from "../../state/action";
import { useLoad } from "../../state/load";
import { isUnderWay, LOOK, making, worthShowing } from "../../state/making";
import { Button, Problem } from "../basics";
import { When } from "../time";
import { UserText } from "../user-text";
import { MakingProgress } from "./progress";
import "../../styles/making.css";

/** Ms between looks while nothing is under way: somebody may have begun something elsewhere. */
const IDLE = 15_000;

const BADGES: Record<Job["state"], string> = {
  queued: "scheduled",
  running: "live",
  done: "ended",
  failed: "practice",
  cancelled: "ended",
};

function choose<K extends string>(texts: Record<K | "other", string>, key: string): string {
  return key in texts ? texts[key as K] : texts.other;
}

export function JobRow({ job, change }: { job: Job; change: (job: Job) => Promise<void> }) {
  const { busy, error, run } = useAction();
  const kind = choose(m().kindsOfJobs, job.kind);
  const underWay = isUnderWay(job.state);
  return (
    <li class="job" data-testid="job">
      <div class="row">
        <span class={`badge badge-${BADGES[job.state]}`} data-testid="job-state">
          {m().states[job.state]}
        </span>
        <strong>{kind}</strong>
        <UserText>{job.title}</UserText>
      </div>
      {underWay && (
        <MakingProgress
          progress={job.progress}
          waits={job.state === "queued"}
          endsAt={job.ends_at}
        />
      )}
      {job.reason && <p class="soft">{choose(m().reasons, job.reason)}</p>}
      {job.log.length > 0 && (
        <details>
          <summary>{m().log}</summary>
          <ol class="job-log" dir="ltr" lang="en">
            {job.log.map((line, number) => (
              <li key={number}>
                <When at={line.at} /> {line.text}
              </li>
            ))}
          </ol>
        </details>
      )}
      <div class="row">
        <Button
          icon={underWay ? "error" : "undo"}
          look="quiet"
          busy={busy.value}
          testid={underWay ? "job-cancel" : "job-retry"}
          onClick={() => void run(() => change(job))}
        >
          {underWay ? m().cancel : m().retry}
          <span class="visually-hidden">
            : {kind}, {job.title}
          </span>
        </Button>
        {error.value && <Problem error={error.value} />}
      </div>
    </li>
  );
}

function Shown() {
  const { state, reload } = useLoad(() => making.jobs());
  const jobs = worthShowing(state.value.value ?? []);
  const busy = jobs.some((job) => isUnderWay(job.state));
  useEffect(() => {
    const timer = setInterval(() => void reload(), busy ? LOOK : IDLE);
    return () => clearInterval(timer);
  }, [busy]);
  const change = async (job: Job) => {
    await making.changeJob(job.id, isUnderWay(job.state) ? "cancelled" : "queued");
    await reload();
  };
  if (jobs.length === 0) return null;
  return (
    <section class="card stack" data-testid="jobs">
      <h2>{m().jobs}</h2>
      <ul class="jobs">
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} change={change} />
        ))}
      </ul>
    </section>
  );
}

export function Jobs() {
  return useMakingTexts() ? <Shown /> : null;
}
