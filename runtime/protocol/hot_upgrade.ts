/** One release brought to one generation, as the pointer records it.
 * @module
 */
import { URL } from "../base/platform/globals.ts";
import { parseImageRef } from "./image_ref.ts";
import { isReleaseKey } from "./object_keys.ts";
import {
  listOf,
  nullable,
  object,
  oneOf,
  type Reader,
  reject,
  sha256Hex,
  string,
  whole,
} from "./json/parse.ts";
import { type ReleaseSignature, releaseSignature } from "./signature.ts";

/** One release brought to one generation. */
export interface HotUpgrade {
  /** ULID of this upgrade; also the folder of its results. */
  readonly id: string;
  /** The app's version in the release; `base` where the upgrade leads back to the base image. */
  readonly version: string;
  /** The image the release was packed from. */
  readonly source_image_ref: string;
  /** The release's key in the bucket, or null where the upgrade leads back to the code of the base image. */
  readonly key: string | null;
  /** Where the release is, for people and for readers of `fly_deploy`; null with `key`. Nothing is ever fetched from it. */
  readonly tarball_url: string | null;
  /** SHA-256 of the tarball, or null with `key`. */
  readonly sha256: string | null;
  /** Length of the tarball in bytes. */
  readonly size: number;
  /** When it was published, RFC 3339. */
  readonly deployed_at: string;
  /** Who published it. */
  readonly deployed_by: string;
  /** Why, in the words of who published it. */
  readonly message?: string;
  /** The commit it was packed from. */
  readonly commit?: string;
  /** For how long new code is watched before it counts as good, in milliseconds. */
  readonly probation_ms?: number;
  /** What may be lost with this upgrade alone, as refusals name it. */
  readonly consent?: readonly string[];
  /** `probation` until every machine of the rollout has it. Only `committed` ones are applied at boot. */
  readonly state: "probation" | "committed" | "rolled_back";
  /** The machines that may apply it now, or `"*"` for all. */
  readonly wave: readonly string[] | "*";
  /** The id of the upgrade that this one undoes, where it does. */
  readonly rollback_of?: string;
  /** Who vouches for the release, where the app asks for it. */
  readonly signature?: ReleaseSignature;
}

/** Where releases are: what a bucket knows of its own addresses. */
export interface ReleasePlace {
  /** Where an object is. */
  url(key: string): string;
  /** The key behind a URL of this bucket, or null for a URL that leads elsewhere. */
  keyOf(url: string): string | null;
}

/** Reads an image reference. */
export const imageRef: Reader<string> = (value, at) => {
  const ref = string(value, at);
  try {
    parseImageRef(ref);
    return ref;
  } catch {
    return reject(at, "an image reference", value);
  }
};

/** Reads an id that may stand in an object key. */
const keySegment: Reader<string> = (value, at) =>
  typeof value === "string" && /^(?!\.+$)[A-Za-z0-9._-]{1,128}$/.test(value)
    ? value
    : reject(
      at,
      "an id of letters, digits, dots, underscores and hyphens",
      value,
    );

/** Makes a reader of upgrades. */
export function hotUpgradeReader(
  place: ReleasePlace | null,
): Reader<HotUpgrade> {
  return (value, at) => {
    const it = object(value, at);
    const url = nullable(string)(it.tarball_url, `${at}.tarball_url`);
    if (url !== null) refuseScheme(url, place, `${at}.tarball_url`);
    const key = readKey(it.key, url, place, at);
    const sha256 = nullable(sha256Hex)(it.sha256, `${at}.sha256`);
    if (key !== null && sha256 === null) {
      reject(`${at}.sha256`, "the digest of the release", null);
    }
    if (key === null && sha256 !== null) {
      reject(`${at}.sha256`, "null, because no release is named", sha256);
    }
    const optional = <K extends string, T>(name: K, read: Reader<T>) =>
      it[name] === undefined || it[name] === null
        ? {}
        : { [name]: read(it[name], `${at}.${name}`) } as { [P in K]: T };
    return {
      id: keySegment(it.id, `${at}.id`),
      version: string(it.version, `${at}.version`),
      source_image_ref: imageRef(it.source_image_ref, `${at}.source_image_ref`),
      key,
      tarball_url: url,
      sha256,
      size: whole(it.size, `${at}.size`),
      deployed_at: string(it.deployed_at, `${at}.deployed_at`),
      deployed_by: string(it.deployed_by, `${at}.deployed_by`),
      ...optional("message", string),
      ...optional("commit", string),
      ...optional("probation_ms", whole),
      ...optional("consent", listOf(string)),
      state: upgradeState(it.state, `${at}.state`),
      wave: it.wave === "*" ? "*" : listOf(string)(it.wave, `${at}.wave`),
      ...optional("rollback_of", string),
      ...optional("signature", releaseSignature),
    };
  };
}

const upgradeState = oneOf("probation", "committed", "rolled_back");

function readKey(
  value: unknown,
  url: string | null,
  place: ReleasePlace | null,
  at: string,
): string | null {
  if (value === undefined && url !== null) {
    // Written before there were keys: only the bucket's own addresses can be told from others.
    return (place ? place.keyOf(url) : keyAtEnd(url)) ??
      reject(`${at}.tarball_url`, "a URL in the app's bucket", url);
  }
  if (value === undefined || value === null) {
    return url === null ? null : reject(`${at}.key`, "a release's key", value);
  }
  return isReleaseKey(value)
    ? value
    : reject(`${at}.key`, "a release's key", value);
}

function keyAtEnd(url: string): string | null {
  const start = url.lastIndexOf("/releases/");
  const key = url.slice(start + 1);
  return start !== -1 && isReleaseKey(key) ? key : null;
}

function refuseScheme(
  url: string,
  place: ReleasePlace | null,
  at: string,
): void {
  const expected = place ? schemeOf(place.url("")) : null;
  const scheme = schemeOf(url);
  const refused = expected === null
    ? scheme === null || NEVER.has(scheme)
    : scheme !== expected;
  if (refused) {
    reject(
      at,
      `a URL of the bucket's scheme${expected ? ` ${expected}` : ""}`,
      url,
    );
  }
}

const NEVER = new Set(["file:", "data:", "blob:", "javascript:"]);

function schemeOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).protocol : null;
}
