/** Fails the build when a page has grown beyond what a slow phone should have to download. */
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Manifest, Plugin } from "vite";

const KB = 1_000;
/** The plain join page, in bytes of HTML. */
const JOIN_HTML = 14 * KB;

interface Budget {
  name: string;
  /** Modules whose chunks are all downloaded before the page works. */
  roots: string[];
  /** Bytes of JavaScript, gzipped. */
  limit: number;
}

const BUDGETS: readonly Budget[] = [
  { name: "live", roots: ["index.html", "src/pages/lesson.tsx", "src/i18n/tg.ts"], limit: 60 * KB },
  {
    name: "replay",
    roots: ["index.html", "src/pages/replay.tsx", "src/i18n/tg.ts", "src/i18n/replay/tg.ts"],
    limit: 60 * KB,
  },
  {
    name: "teach",
    roots: ["index.html", "src/pages/teach.tsx", "src/i18n/tg.ts"],
    limit: 120 * KB,
  },
  { name: "book", roots: ["index.html", "src/pages/book.tsx", "src/i18n/tg.ts"], limit: 60 * KB },
  {
    name: "course",
    roots: ["index.html", "src/pages/course.tsx", "src/i18n/tg.ts"],
    limit: 250 * KB,
  },
  {
    name: "recordings",
    roots: ["index.html", "src/pages/recordings.tsx", "src/i18n/tg.ts", "src/i18n/library/tg.ts"],
    limit: 250 * KB,
  },
  {
    name: "timetable",
    roots: ["index.html", "src/pages/timetable.tsx", "src/i18n/tg.ts", "src/i18n/timetable/tg.ts"],
    limit: 250 * KB,
  },
  {
    name: "attendance",
    roots: [
      "index.html",
      "src/pages/attendance.tsx",
      "src/i18n/tg.ts",
      "src/i18n/attendance/tg.ts",
    ],
    limit: 250 * KB,
  },
];

/** Collect the scripts and styles that a set of modules needs at once (not those it imports later). */
export function partsOf(manifest: Manifest, roots: readonly string[]): string[] {
  const files = new Set<string>();
  const visit = (key: string) => {
    const chunk = manifest[key];
    if (!chunk) throw new Error(`the build has no ${key}`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const each of chunk.css ?? []) files.add(each);
    for (const each of chunk.imports ?? []) visit(each);
  };
  for (const root of roots) visit(root);
  return [...files];
}

/** Collect the scripts alone. */
export function filesOf(manifest: Manifest, roots: readonly string[]): string[] {
  return partsOf(manifest, roots).filter((file) => file.endsWith(".js"));
}

export function budgets(): Plugin {
  let outDir = "";
  return {
    name: "darsgoh:budgets",
    apply: "build",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const manifest: Manifest = JSON.parse(
        readFileSync(join(outDir, ".vite/manifest.json"), "utf8"),
      );
      const over: string[] = [];
      const check = (name: string, size: number, limit: number) => {
        const line = `${name}: ${(size / KB).toFixed(1)} kB of ${limit / KB} kB`;
        this.info(line);
        if (size > limit) over.push(line);
      };
      for (const { name, roots, limit } of BUDGETS) {
        const sizes = filesOf(manifest, roots).map(
          (file) => gzipSync(readFileSync(join(outDir, file)), { level: 9 }).length,
        );
        check(
          name,
          sizes.reduce((sum, size) => sum + size, 0),
          limit,
        );
      }
      for (const language of ["tg", "ru", "en"]) {
        check(
          `join.${language}.html`,
          statSync(join(outDir, `join.${language}.html`)).size,
          JOIN_HTML,
        );
      }
      if (over.length > 0) throw new Error(`over budget: ${over.join("; ")}`);
    },
  };
}
