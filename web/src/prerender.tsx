/** Renders the join page in each language; run by the build, not by browsers. */
import { renderToString } from "preact-render-to-string";
import { setMessages } from "./i18n";
import en from "./i18n/en";
import offlineEn from "./i18n/offline/en";
import offlineRu from "./i18n/offline/ru";
import offlineTg from "./i18n/offline/tg";
import ru from "./i18n/ru";
import tg from "./i18n/tg";
import { JoinPage } from "./join-page";
import { LANGUAGES, type Language } from "./protocol/types";

const ALL = { tg, ru, en };
const OFFLINE = { tg: offlineTg, ru: offlineRu, en: offlineEn };

export interface Assets {
  script: string;
  styles: readonly string[];
  icon: string;
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);

function documentOf(language: Language, { script, styles, icon }: Assets): string {
  const texts = ALL[language];
  setMessages(language, texts);
  const links = styles.map((href) => `<link rel="stylesheet" href="${href}">`).join("");
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(`${texts.joinTitle} · ${texts.appName}`)}</title>`,
    `<link rel="icon" type="image/svg+xml" href="${icon}">${links}`,
    `<script type="module" src="${script}"></script></head>`,
    `<body>${renderToString(<JoinPage />)}</body></html>`,
  ].join("");
}

/** Give the manifest of the installed page in each language (W3C Web Application Manifest). */
export function renderManifests(): [Language, string][] {
  return LANGUAGES.map((language) => [language, JSON.stringify(manifestOf(language))]);
}

function manifestOf(language: Language) {
  const png = (name: string, size: number, purpose = "any") => ({
    src: `/${name}-${size}.png`,
    sizes: `${size}x${size}`,
    type: "image/png",
    purpose,
  });
  return {
    id: "/",
    start_url: "/",
    scope: "/",
    lang: language,
    name: ALL[language].appName,
    short_name: ALL[language].appName,
    description: ALL[language].startLead,
    display: "standalone",
    background_color: "#f6f5f1",
    theme_color: "#1d4f91",
    icons: [png("icon", 192), png("icon", 512), png("icon-mask", 512, "maskable")],
    shortcuts: [{ name: OFFLINE[language].title, url: "/offline" }],
  };
}

/** Give the page of each language. */
export function renderAll(assets: Assets): [Language, string][] {
  return LANGUAGES.map((language) => [language, documentOf(language, assets)]);
}
