/** Questions taken along as a spreadsheet. */
import { language } from "../../i18n";
import { d } from "../../i18n/desk";
import { Icon } from "../icon";

/** Links to a spreadsheet of all questions below an address. */
export function TableLinks({ path }: { path: string }) {
  return (
    <>
      {(["xlsx", "csv"] as const).map((kind) => (
        <a
          key={kind}
          class="button button-plain"
          href={`${path}/questions.${kind}?lang=${language.value}`}
          download
          data-testid={`table-${kind}`}
        >
          <Icon name="lesson" />
          <span>{d()[kind]}</span>
        </a>
      ))}
    </>
  );
}
