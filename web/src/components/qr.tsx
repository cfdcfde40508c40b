/** A QR code as one SVG path; its encoder is downloaded when the first one is shown. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";

/** Quiet zone the standard asks for, in modules. */
const QUIET = 4;

/** Draw dark modules as one path, a row's run at a time. */
export function qrPath(rows: readonly (readonly boolean[])[]): string {
  let path = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      let run = 1;
      while (row[x + run]) run += 1;
      path += `M${x} ${y}h${run}v1h-${run}z`;
      x += run;
    }
  });
  return path;
}

export function Qr({ text, label }: { text: string; label: string }) {
  const drawn = useSignal<{ path: string; size: number } | null>(null);
  useEffect(() => {
    let current = true;
    void import("uqr").then(({ encode }) => {
      const { data, size } = encode(text, { border: QUIET });
      if (current) drawn.value = { path: qrPath(data), size };
    });
    return () => {
      current = false;
    };
  }, [text, drawn]);
  if (!drawn.value) return <div class="skeleton" />;
  return (
    <svg
      class="qr"
      role="img"
      aria-label={t().qrOf(label)}
      viewBox={`0 0 ${drawn.value.size} ${drawn.value.size}`}
      shape-rendering="crispEdges"
    >
      <path d={drawn.value.path} fill="#000" />
    </svg>
  );
}
