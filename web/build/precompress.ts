/** Writes .gz and .br beside each text asset, so that the server never compresses while people wait. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(js|css|html|svg|json)$/;
/** Below this a compressed file saves no packet, in bytes. */
const SMALLEST = 1_000;

export function precompress(): Plugin {
  let outDir = "";
  return {
    name: "darsgoh:precompress",
    apply: "build",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const each of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
        const path = join(each.parentPath, each.name);
        if (!each.isFile() || !TEXT.test(each.name) || path.includes("/.vite/")) continue;
        const text = readFileSync(path);
        if (text.length < SMALLEST) continue;
        writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${path}.br`, brotliCompressSync(text, { params }));
      }
    },
  };
}
