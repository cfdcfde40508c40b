/** The details of a connection, for those who ask. */
import { useSignal } from "@preact/signals";
import { language, t } from "../i18n";
import { numberText } from "../i18n/dates";
import type { Rates, Sample } from "../state/stats";
import { Button } from "./basics";

/** bit/s as kbit/s. */
function kbits(value: number): string {
  return `${numberText(Math.round(value / 1000), language.value)} kbit/s`;
}

export interface ReportFacts {
  state: string;
  sample: Sample | null;
  rates: Rates | null;
}

/** List what the panel shows, as label and value. */
export function reportRows({ state, sample, rates }: ReportFacts): [string, string][] {
  const words = t().report;
  const rows: [string, string][] = [[words.state, state]];
  if (!sample || !rates) return rows;
  const number = (value: number, digits = 0) => numberText(value, language.value, digits);
  rows.push(
    [words.transport, `${sample.protocol.toUpperCase()} ${sample.address}`],
    [words.down, kbits(rates.down)],
    [words.up, kbits(rates.up)],
    [words.loss, `${number(rates.loss * 100, 1)} %`],
  );
  if (sample.roundTrip !== null) rows.push([words.rtt, `${number(sample.roundTrip * 1000)} ms`]);
  if (rates.bufferMs !== null) rows.push([words.jitter, `${number(rates.bufferMs)} ms`]);
  if (sample.width > 0) {
    rows.push([words.video, `${sample.width} × ${sample.height}, ${number(rates.fps)} fps`]);
  }
  return rows;
}

export function StatsPanel({ facts, lesson }: { facts: ReportFacts; lesson: string }) {
  const said = useSignal("");
  const rows = reportRows(facts);
  const copy = async () => {
    const text = [
      `Darsgoh ${new Date().toISOString()}`,
      `lesson ${lesson}`,
      navigator.userAgent,
      ...rows.map(([label, value]) => `${label}: ${value}`),
    ].join("\n");
    await navigator.clipboard.writeText(text);
    said.value = t().reportCopied;
  };
  return (
    <section class="panel" data-testid="stats">
      <h2>{t().stats}</h2>
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="row">
        <Button icon="copy" onClick={() => void copy()}>
          {t().copyReport}
        </Button>
        <span role="status">{said.value}</span>
      </div>
    </section>
  );
}
