/** The keys of a page, and the switch that turns them off. */
import { t } from "../i18n";
import { shortcutsOn } from "../state/app";
import { Check } from "./basics";

type Name = keyof ReturnType<typeof t>["shortcutNames"];

/** Keys as printed on most keyboards, and what they do. */
export type KeyRow = readonly [caps: string, words: string];

/** Give the rows of keys that all pages know, each by its `KeyboardEvent.code`. */
export function keyRows(keys: readonly (readonly [code: string, name: Name])[]): KeyRow[] {
  return keys.map(([code, name]) => [code.replace(/^Key/, ""), t().shortcutNames[name]]);
}

export function ShortcutList({
  rows,
  testid = "shortcuts",
}: {
  rows: readonly KeyRow[];
  testid?: string;
}) {
  return (
    <section class="panel" data-testid={testid}>
      <h2>{t().shortcuts}</h2>
      <Check
        label={t().shortcutsOn}
        checked={shortcutsOn.value}
        onChange={(on) => {
          shortcutsOn.value = on;
        }}
      />
      <div class="keys">
        {rows.map(([caps, words]) => (
          <>
            <kbd key={caps}>{caps}</kbd>
            <span key={words}>{words}</span>
          </>
        ))}
      </div>
    </section>
  );
}
