import { defineConfig } from "vitest/config";
import { budgets } from "./build/budgets.ts";
import { lessonPack } from "./build/pack.ts";
import { precompress } from "./build/precompress.ts";
import { prerenderJoin } from "./build/prerender.ts";
import { serviceWorker } from "./build/worker.ts";

/** Where `npm run dev` sends what it does not serve itself: a running `darsgoh demo`. */
const backend = process.env.DARSGOH_BACKEND ?? "http://127.0.0.1:8080";

/** What every page needs, in one file: many small ones compress worse. */
const BASE =
  /node_modules\/@?preact|src\/(i18n\/(index|part|dates)|protocol\/(api|types)|state\/(app|load|action|announcer)|components\/(basics|icon|names|shell|time|user-text))\.|vite\/preload-helper/;

export default defineConfig({
  plugins: [prerenderJoin(), budgets(), precompress(), lessonPack(), serviceWorker()],
  build: {
    outDir: "../server/static",
    emptyOutDir: true,
    // The oldest browsers we promise to work in.
    target: ["chrome109", "firefox115", "safari15.6"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", join: "src/join-enhance.ts" },
      output: { codeSplitting: { groups: [{ name: "base", test: BASE }] } },
    },
    manifest: true,
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/join", "/whip", "/whep", "/socket.io"].map((path) => [
        path,
        { target: backend, ws: true, changeOrigin: false },
      ]),
    ),
  },
  test: { include: ["src/**/*.test.{ts,tsx}", "build/**/*.test.ts"] },
});
