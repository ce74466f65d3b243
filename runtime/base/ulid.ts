/** Sortable unique ids.
 * @module
 */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_MAX = 2 ** 48 - 1;

/**
 * Makes a ULID: 48 bits of time and 80 random ones, so that ids sort by when they were made.
 *
 * @param now milliseconds since 1970
 * @param random 10 random bytes; more are ignored
 * @returns 26 characters of Crockford's base 32
 * @throws {RangeError} if the time does not fit or there are too few random bytes
 */
export function ulid(now: number, random: Uint8Array): string {
  if (!Number.isInteger(now) || now < 0 || now > TIME_MAX) {
    throw new RangeError(
      `Cannot make a ULID: the time ${now} is not a whole number of 0 to ${TIME_MAX} milliseconds`,
    );
  }
  if (random.length < 10) {
    throw new RangeError(
      `Cannot make a ULID: it takes 10 random bytes, got ${random.length}`,
    );
  }
  let id = "";
  for (let left = now, digits = 0; digits < 10; digits++) {
    id = ALPHABET.charAt(left % 32) + id;
    left = Math.floor(left / 32);
  }
  let bits = 0;
  let held = 0;
  for (const byte of random.subarray(0, 10)) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      id += ALPHABET.charAt((bits >> held) & 31);
      bits &= (1 << held) - 1;
    }
  }
  return id;
}
