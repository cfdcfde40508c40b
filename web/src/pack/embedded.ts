/** What lies in the file itself as Base64, and is unpacked when it is needed. */

/** Characters unpacked at once, a multiple of four: between them the page stays awake. */
const SLICE = 4 * 64 * 1024;

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let n = 0; n < letters.length; n += 1) bytes[n] = letters.charCodeAt(n);
  return bytes;
}

/** Say whether the file was downloaded to its end; only once the page has been read. */
export function isWhole(): boolean {
  return document.getElementById("end") !== null;
}

function textOf(id: string): string | null {
  return document.getElementById(id)?.textContent?.trim() ?? null;
}

/** Unpack the sound and give its address; the packed one is let go. */
export async function unpackSound(): Promise<string> {
  const text = textOf("sound") ?? "";
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let begin = 0; begin < text.length; begin += SLICE) {
    pieces.push(bytesOf(text.slice(begin, begin + SLICE)));
    await new Promise((resolve) => setTimeout(resolve));
  }
  document.getElementById("sound")?.remove();
  return URL.createObjectURL(new Blob(pieces, { type: "audio/mp4" }));
}

const stills = new Map<number, string>();

/** Give the address of a slide's picture; null if it is not in the file. */
export function stillAddress(number: number): string | null {
  const known = stills.get(number);
  if (known) return known;
  const text = textOf(`still-${number}`);
  if (!text) return null;
  const address = URL.createObjectURL(new Blob([bytesOf(text)], { type: "image/webp" }));
  stills.set(number, address);
  return address;
}
