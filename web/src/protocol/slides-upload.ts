/** Sends a file of slides with its progress, which `fetch` does not tell. */
import { ApiError, problemOf } from "./api";
import type { Deck } from "./slides";

/** Bytes; the server takes no more, and nobody pays for sending them in vain. */
export const MAX_FILE = 32 * 1024 ** 2;

export interface Upload {
  /** Resolves to the deck; raises ApiError, with "aborted" after `abort`. */
  readonly deck: Promise<Deck>;
  abort(): void;
}

/** Begin to send; `progress` is told the part that is sent, 0 to 1. */
export function upload(lesson: string, file: File, progress: (part: number) => void): Upload {
  const request = new XMLHttpRequest();
  const deck = new Promise<Deck>((resolve, reject) => {
    if (file.size > MAX_FILE) {
      reject(new ApiError("too-large", 413));
      return;
    }
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.upload.onload = () => progress(1);
    request.onabort = () => reject(new ApiError("aborted", 0));
    request.onerror = () => reject(new ApiError("offline", 0));
    request.onload = () => {
      const { status, responseText } = request;
      if (status === 201) resolve(JSON.parse(responseText) as Deck);
      else void problemOf(new Response(responseText, { status })).then(reject);
    };
    request.open("POST", `/api/lessons/${lesson}/decks?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
  return { deck, abort: () => request.abort() };
}
