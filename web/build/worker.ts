/** After the build: the service worker with the list of what it keeps, and the budget of that list. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Manifest, type Plugin, type Rolldown } from "vite";
import type { Build } from "../src/worker/rules.ts";
import { partsOf } from "./budgets.ts";

const TEXTS = ["src/i18n", "src/i18n/offline", "src/i18n/making"];
/** What opens without a network: the first page, what is kept, and a lesson that is opened again. */
const ROOTS = [
  "index.html",
  "src/pages/start.tsx",
  "src/pages/offline.tsx",
  "src/pages/lesson.tsx",
  "src/components/offline/link.tsx",
  ...TEXTS.flatMap((folder) => ["tg", "ru", "en"].map((each) => `${folder}/${each}.ts`)),
];
/** Bytes, gzipped; most of them a browser has already when the worker comes. */
const LIMIT = 100_000;

/** Give what a worker keeps of a build. */
export function shellOf(manifest: Manifest, page: string): Build {
  const entry = manifest["index.html"];
  if (!entry) throw new Error("the build has no index.html");
  const files = partsOf(manifest, ROOTS).map((file) => `/${file}`);
  const version = createHash("sha256")
    .update(`${page}\n${files.join("\n")}`)
    .digest("hex");
  return { version: version.slice(0, 16), entry: `/${entry.file}`, files };
}

export function serviceWorker(): Plugin {
  let outDir = "";
  let root = "";
  return {
    name: "darsgoh:service-worker",
    apply: "build",
    configResolved(config) {
      root = config.root;
      outDir = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const read = (name: string) => readFileSync(join(outDir, name));
      const manifest: Manifest = JSON.parse(read(".vite/manifest.json").toString());
      const shell = shellOf(manifest, read("index.html").toString());
      const size = shell.files.reduce((sum, file) => sum + gzipSync(read(file)).length, 0);
      this.info(`offline: ${(size / 1_000).toFixed(1)} kB of ${LIMIT / 1_000} kB`);
      if (size > LIMIT) throw new Error("what opens without a network is over budget");
      const made = (await build({
        configFile: false,
        root,
        logLevel: "error",
        publicDir: false,
        define: { DARSGOH_BUILD: JSON.stringify(shell) },
        build: {
          write: false,
          target: ["chrome109", "firefox115", "safari15.6"],
          lib: { entry: "src/worker/main.ts", name: "worker", formats: ["iife"], fileName: "w" },
        },
      })) as Rolldown.RolldownOutput[];
      const script = made.flatMap((one) => one.output).find((one) => one.type === "chunk");
      if (script?.type !== "chunk") throw new Error("the service worker has no script");
      writeFileSync(join(outDir, "worker.js"), script.code);
    },
  };
}
