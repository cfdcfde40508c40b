/** Renders the join page in each language; run by the build, not by browsers. */
import { renderToString } from "preact-render-to-string";
import { setMessages } from "./i18n";
import en from "./i18n/en";
import ru from "./i18n/ru";
import tg from "./i18n/tg";
import { JoinPage } from "./join-page";
import { LANGUAGES, type Language } from "./protocol/types";

const ALL = { tg, ru, en };

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

/** Give the page of each language. */
export function renderAll(assets: Assets): [Language, string][] {
  return LANGUAGES.map((language) => [language, documentOf(language, assets)]);
}
