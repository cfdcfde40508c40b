/** UUIDv7 (RFC 9562 §5.7): ids that sort by when they were made. */

/** Bytes of an id. */
const SIZE = 16;
/** Bytes of the time in front. */
const TIME = 6;

/** Make an id from a time (ms since the epoch) and 16 random bytes, of which 10 are used. */
export function uuid7(now: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, SIZE));
  for (let index = 0; index < TIME; index += 1) {
    bytes[index] = Math.floor(now / 256 ** (TIME - 1 - index)) % 256;
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20].reduceRight(
    (id, place) => `${id.slice(0, place)}-${id.slice(place)}`,
    hex,
  );
}

/** Make an id for now. */
export function newId(): string {
  return uuid7(Date.now(), crypto.getRandomValues(new Uint8Array(SIZE)));
}
