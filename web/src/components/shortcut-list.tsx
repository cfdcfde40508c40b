/** The keys of a page, and the switch that turns them off. */
import { t } from "../i18n";
import { shortcutsOn } from "../state/app";
import { Check } from "./basics";

type Name = keyof ReturnType<typeof t>["shortcutNames"];

/** Letters as printed on most keyboards for a `KeyboardEvent.code`. */
function keyCap(code: string): string {
  return code.replace(/^Key/, "");
}

export function ShortcutList({ keys }: { keys: readonly (readonly [code: string, name: Name])[] }) {
  return (
    <section class="panel" data-testid="shortcuts">
      <h2>{t().shortcuts}</h2>
      <Check
        label={t().shortcutsOn}
        checked={shortcutsOn.value}
        onChange={(on) => {
          shortcutsOn.value = on;
        }}
      />
      <div class="keys">
        {keys.map(([code, name]) => (
          <>
            <kbd key={code}>{keyCap(code)}</kbd>
            <span key={name}>{t().shortcutNames[name]}</span>
          </>
        ))}
      </div>
    </section>
  );
}
