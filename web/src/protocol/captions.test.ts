import { expect, it } from "vitest";
import { ApiError } from "./api";
import { cuesAt, MAX_CAPTIONS, parseCaptions, readCaptions, sendCaptions } from "./captions";

const FILE = `WEBVTT

NOTE Automatic draft: written by a machine, not read over by anybody.

1
00:00:01.000 --> 00:00:04.500
1 &lt; 2 &amp;lt; 3
Ҳашт бит.

2
01:00:00.000 --> 01:00:00.250
…
`;

it("reads captions as the server writes them", () => {
  expect(parseCaptions(FILE)).toEqual([
    { at: 1_000, to: 4_500, text: "1 < 2 &lt; 3\nҲашт бит." },
    { at: 3_600_000, to: 3_600_250, text: "…" },
  ]);
  expect(parseCaptions("")).toEqual([]);
  expect(parseCaptions("<html>not found</html>")).toEqual([]);
});

it("finds what is to be read at a second", () => {
  const cues = parseCaptions(FILE);
  expect(cuesAt(cues, 999)).toEqual([]);
  expect(cuesAt(cues, 1_000)).toHaveLength(1);
  expect(cuesAt(cues, 4_500)).toEqual([]);
});

it("says why captions can not be read or taken", async () => {
  const refused = async () =>
    new Response('{"code":"captions-unreadable","line":7}', { status: 422 });
  const away = async () => {
    throw new TypeError("Failed to fetch");
  };
  await expect(sendCaptions("1", "tg", new Blob(["x"]), refused)).rejects.toMatchObject({
    code: "captions-unreadable",
    problem: { line: 7 },
  });
  await expect(readCaptions("1", "tg", away)).rejects.toMatchObject({ code: "offline" });
  await expect(sendCaptions("1", "tg", new Blob(["x"]), away)).rejects.toBeInstanceOf(ApiError);
  const large = { size: MAX_CAPTIONS + 1 } as Blob;
  await expect(sendCaptions("1", "tg", large, away)).rejects.toMatchObject({ code: "too-large" });
});
