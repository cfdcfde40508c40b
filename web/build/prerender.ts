/** After the build: the join page and the installed page's manifest, one file for each language. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createServer, type Manifest, type Plugin } from "vite";
import type { renderAll, renderManifests } from "../src/prerender";

function assetsOf(manifest: Manifest) {
  const entry = manifest["src/join-enhance.ts"];
  if (!entry) throw new Error("the build has no join page");
  const styles = new Set(entry.css ?? []);
  for (const key of entry.imports ?? [])
    for (const css of manifest[key]?.css ?? []) styles.add(css);
  const icon = Object.values(manifest).flatMap((chunk) => [chunk.file, ...(chunk.assets ?? [])]);
  const iconFile = icon.find((file) => /icon-.*\.svg$/.test(file));
  return {
    script: `/${entry.file}`,
    styles: [...styles].map((file) => `/${file}`),
    icon: iconFile ? `/${iconFile}` : "/favicon.ico",
  };
}

export function prerenderJoin(): Plugin {
  let outDir = "";
  return {
    name: "darsgoh:prerender-join",
    apply: "build",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    async writeBundle() {
      const manifest = JSON.parse(readFileSync(join(outDir, ".vite/manifest.json"), "utf8"));
      const server = await createServer({
        configFile: false,
        server: { middlewareMode: true, hmr: false, ws: false, watch: null },
        appType: "custom",
        logLevel: "error",
        optimizeDeps: { noDiscovery: true },
      });
      try {
        const page = (await server.ssrLoadModule("/src/prerender.tsx")) as {
          renderAll: typeof renderAll;
          renderManifests: typeof renderManifests;
        };
        for (const [language, html] of page.renderAll(assetsOf(manifest))) {
          writeFileSync(join(outDir, `join.${language}.html`), html);
        }
        for (const [language, text] of page.renderManifests()) {
          writeFileSync(join(outDir, `manifest.${language}.webmanifest`), text);
        }
      } finally {
        await server.close();
      }
    },
  };
}
