import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CaptionsFacts } from "../protocol/captions";
import type { Language } from "../protocol/types";
import { captionsLanguage, captionsOn, preferred, ReplayCaptions } from "./captions";

const RU: CaptionsFacts = { language: "ru", automatic: true };
const TG: CaptionsFacts = { language: "tg", automatic: false };
const FILE = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.000\nБайт\n";

beforeEach(() => {
  captionsOn.value = false;
  captionsLanguage.value = "";
});

afterEach(() => vi.unstubAllGlobals());

function replay(...captions: CaptionsFacts[]) {
  return new ReplayCaptions("1", signal({ captions }), signal<Language>("tg"));
}

it("prefers what was chosen, then the page's language, then what there is", () => {
  expect(preferred([RU, TG], "ru", "tg")).toBe(RU);
  expect(preferred([RU, TG], "", "tg")).toBe(TG);
  expect(preferred([RU], "en", "tg")).toBe(RU);
  expect(preferred([], "ru", "tg")).toBe(null);
});

it("reads each language once, and only when it is wanted", async () => {
  const asked = vi.fn(async () => new Response(FILE));
  vi.stubGlobal("fetch", asked);
  const captions = replay(RU, TG);
  expect(captions.at(1_000)).toEqual([]);
  captions.toggle();
  await Promise.all([captions.need(), captions.need()]);
  await captions.need();
  expect(asked).toHaveBeenCalledTimes(1);
  expect(captions.at(1_000).map((cue) => cue.text)).toEqual(["Байт"]);
  captions.choose("ru");
  expect(captions.cues).toEqual([]);
  await captions.need();
  expect(asked).toHaveBeenCalledTimes(2);
  captions.choose(null);
  expect(captions.at(1_000)).toEqual([]);
});

it("asks again after the network was away", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("away");
  });
  const captions = replay(TG);
  captions.toggle();
  await captions.need();
  expect(captions.away.value).toBe(true);
  vi.stubGlobal("fetch", async () => new Response(FILE));
  await captions.need();
  expect(captions.cues).toHaveLength(1);
  expect(captions.away.value).toBe(false);
});

it("shows neither what is deleted nor anything where there is nothing", () => {
  const deleted = { ...TG, deleted: true } as CaptionsFacts;
  expect(replay(deleted, RU).there.value).toEqual([RU]);
  const none = replay(deleted);
  none.toggle();
  expect(captionsOn.value).toBe(false);
  expect(new ReplayCaptions("1", signal({}), signal<Language>("en")).chosen.value).toBe(null);
});
