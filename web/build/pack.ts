/** After the build: the page of a lesson pack as one file, into which the server puts a lesson. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Put script and styles into a page that may load nothing from anywhere. */
export function packPage(script: string, styles: string): string {
  const safe = script.replaceAll("</script", "<\\/script");
  const policy = [
    "default-src 'none'",
    `script-src ${hash(safe)}`,
    `style-src ${hash(styles)}`,
    "img-src blob:",
    "media-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    '<!doctype html><html lang="tg"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title><!--title--></title><style>${styles}</style></head>`,
    '<body><div id="pack"></div>',
    '<script type="application/json" id="facts"><!--facts--></script>',
    `<!--stills--><script>${safe}</script>`,
    '<script type="text/plain" id="sound"><!--sound--></script>',
    '<i id="end" hidden></i></body></html>',
    "",
  ].join("\n");
}

export function lessonPack(): Plugin {
  let outDir = "";
  let root = "";
  return {
    name: "darsgoh:lesson-pack",
    apply: "build",
    configResolved(config) {
      root = config.root;
      outDir = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const made = (await build({
        configFile: false,
        root,
        logLevel: "error",
        build: {
          write: false,
          target: ["chrome109", "firefox115", "safari15.6"],
          lib: { entry: "src/pack/main.tsx", name: "pack", formats: ["iife"], fileName: "pack" },
        },
      })) as Rolldown.RolldownOutput[];
      const files = made.flatMap((one) => one.output);
      const script = files.find((one) => one.type === "chunk");
      const styles = files.find((one) => one.fileName.endsWith(".css"));
      if (script?.type !== "chunk" || styles?.type !== "asset") {
        throw new Error("the lesson pack has no script or no styles");
      }
      writeFileSync(
        join(outDir, "pack.html"),
        packPage(script.code.trim(), String(styles.source).trim()),
      );
    },
  };
}
