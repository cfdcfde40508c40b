/** Signing out of a device on which lessons are kept: asked first, then they go with their right. */
import { language } from "../i18n";
import type { OfflineMessages } from "../i18n/offline";
import { api } from "../state/app";
import type { KeptLesson } from "./kept";
import { kept } from "./kept";

const TEXTS: Record<string, () => Promise<{ default: OfflineMessages }>> = {
  tg: () => import("../i18n/offline/tg"),
  ru: () => import("../i18n/offline/ru"),
  en: () => import("../i18n/offline/en"),
};

async function lessonsHere(): Promise<readonly KeptLesson[]> {
  try {
    return (await kept?.list()) ?? [];
  } catch {
    return []; // a browser that forbids storage keeps nothing
  }
}

/** Sign out and go to the first page, unless somebody would rather keep their lessons. */
export async function leave(): Promise<void> {
  const here = await lessonsHere();
  if (here.length > 0) {
    const texts = (await TEXTS[language.value]?.())?.default;
    if (texts && !window.confirm(texts.signOut(here.length))) return;
  }
  await api.signOut();
  for (const { lesson } of here) await kept?.remove(lesson);
  location.assign("/");
}
