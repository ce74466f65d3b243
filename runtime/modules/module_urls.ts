/** The URLs of modules: the place under the app root, and the attempt that loaded an instance of it.
 *
 * A reloaded module keeps the URL of its place and gets a cache-busting parameter, `file:///app/x.ts?flyhot=7`; the
 * queries and fragments that belong to the app stay where they are.
 *
 * @module
 */
import { URL } from "../base/platform/globals.ts";

/** Where this package is: what it imports and calls is nobody else's. */
export const RUNTIME_FOLDER: string = new URL("../", import.meta.url).href;

const MARK = "flyhot=";
const ATTEMPT = /[?&]flyhot=(\d+)(?=#|$)/;

/**
 * The attempt that a module instance belongs to. Returns the attempt's number, or null for a module of the base image.
 */
export function attemptOf(url: string): number | null {
  // Most have none, and are asked for all the time.
  if (!url.includes(MARK)) return null;
  const digits = ATTEMPT.exec(url)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The place of a module instance, which is the same for all its versions. */
export function placeOf(url: string): string {
  return url.replace(ATTEMPT, "");
}

/** The URL under which one attempt loads a place. */
export function instanceUrl(place: string, attempt: number): string {
  const hash = place.indexOf("#");
  const [head, fragment] = hash === -1
    ? [place, ""]
    : [place.slice(0, hash), place.slice(hash)];
  return `${head}${head.includes("?") ? "&" : "?"}flyhot=${attempt}${fragment}`;
}

/** The URL of a file, without what a specifier adds to it. */
export function fileOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** The URL of a folder, spelled as Deno spells the URLs of the modules in it. */
export function folderUrl(folder: string): string {
  return urlUnder(
    "file:///",
    `${folder.replace(/^\/+/, "").replace(/\/+$/, "")}/`,
  );
}

/** The URL of a path in a folder. */
export function urlUnder(folder: string, path: string): string {
  if (isSpelledSo(path)) return folder + path;
  // A space too: at the end of a URL it would be cut off.
  const escaped = path.replaceAll(/[%?#\\ ]/g, encodeURIComponent);
  return new URL(`./${escaped}`, folder).href;
}

/** Whether a path is the end of its URL as it is: nothing to escape, no `.` or `..`, nothing empty. */
function isSpelledSo(path: string): boolean {
  return /^[A-Za-z0-9_-][\w.-]*(?:\/[A-Za-z0-9_-][\w.-]*)*$/.test(path);
}

/** The path of a URL in a folder. Returns the path, or null for a URL outside the folder. */
export function pathUnder(folder: string, url: string): string | null {
  const file = fileOf(url);
  if (!file.startsWith(folder)) return null;
  const path = file.slice(folder.length);
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
