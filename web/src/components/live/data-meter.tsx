/** What the lesson and the month have cost on this device, and how much a month may. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language } from "../../i18n";
import { numberText } from "../../i18n/dates";
import { m } from "../../i18n/modes";
import type { ModeCosts } from "../../protocol/types";
import {
  CAPS,
  cost,
  loadSpent,
  MEGABYTE,
  type Spent,
  spend,
  storeSpent,
} from "../../state/data-meter";
import type { LiveLesson } from "../../state/live";
import type { Sample } from "../../state/stats";
import { Notice, Select } from "../basics";

/** Of a megabyte above which no tenths are said. */
const WHOLE = 10;

/** Say megabytes as people read them. */
export function amountText(megabytes: number): string {
  return numberText(megabytes, language.value, megabytes < WHOLE ? 1 : 0);
}

/** Say what megabytes cost, if it is known. */
export function priceText(megabytes: number, price: ModeCosts["price"]): string {
  const text = m().megabytes(amountText(megabytes));
  if (!price) return text;
  const money = numberText(megabytes * price.megabyte, language.value, 2);
  return m().withPrice(text, `${money} ${price.currency}`);
}

/** Add up what comes over the network, for as long as the page stands. */
export function useSpent(live: LiveLesson) {
  const spent = useSignal<Spent>(loadSpent(Date.now()));
  const before = useSignal<Sample | null>(null);
  useSignalEffect(() => {
    const after = live.sample.value;
    const last = before.peek();
    if (!after || after === last) return;
    before.value = after;
    const now = Date.now();
    // From what is kept: another tab adds to it, too.
    const next = spend(loadSpent(now), live.id, cost(last, after), now);
    spent.value = next;
    storeSpent(next);
  });
  useEffect(() => {
    // Slides and other files; what comes from the cache costs nothing.
    const observer = new PerformanceObserver((list) => {
      let bytes = 0;
      for (const entry of list.getEntries()) {
        bytes += (entry as PerformanceResourceTiming).transferSize;
      }
      const now = Date.now();
      spent.value = spend(loadSpent(now), live.id, bytes, now);
      storeSpent(spent.value);
    });
    observer.observe({ type: "resource" });
    return () => observer.disconnect();
  }, [live]);
  return spent;
}

/** A word in time about a month that runs out, whether the menu is open or not. */
export function CapNotice({ left, lowered }: { left: number | null; lowered: boolean }) {
  if (left === null || !lowered) return null;
  return (
    <Notice tone="warning" testid="cap-notice">
      <p role="status">{left > 0 ? m().nearCap(amountText(left / MEGABYTE)) : m().overCap}</p>
    </Notice>
  );
}

export interface DataMeterProps {
  lesson: string;
  spent: Spent;
  price: ModeCosts["price"];
  onCap: (cap: number) => void;
}

export function DataMeter({ lesson, spent, price, onCap }: DataMeterProps) {
  const rows = [
    [m().thisLesson, spent.lessons[lesson] ?? 0],
    [m().thisMonth, spent.bytes],
  ] as const;
  return (
    <div data-testid="data-meter">
      <dl class="data-meter">
        {rows.map(([label, bytes]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{priceText(bytes / MEGABYTE, price)}</dd>
          </div>
        ))}
      </dl>
      <Select
        label={m().cap}
        value={String(spent.cap)}
        testid="cap"
        choices={CAPS.map((each) => ({
          value: String(each),
          label: each === 0 ? m().noCap : priceText(each, price),
        }))}
        onChange={(value) => onCap(Number(value))}
      />
      <p class="soft">{m().capHint}</p>
    </div>
  );
}
