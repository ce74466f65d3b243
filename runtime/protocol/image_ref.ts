/** Container image references, compared by their parts.
 * @module
 */

/** The parts of a container image reference. */
export interface ImageRef {
  /** Registry host and repository, for example `registry.fly.io/my-app`. */
  readonly repository: string;
  /** The tag, for example `deployment-01K93Q`, or null. */
  readonly tag: string | null;
  /** The digest, for example `sha256:9f86…`, or null. */
  readonly digest: string | null;
}

/**
 * Splits an image reference into repository, tag and digest.
 *
 * The grammar is that of {@link https://github.com/distribution/reference | the reference module of the Distribution project}:
 * `repository[:tag][@digest]`, where a colon before a slash belongs to a port.
 *
 * @param ref the reference, for example the value of `FLY_IMAGE_REF`
 * @returns its parts
 * @throws {TypeError} if the reference has no repository, or an empty tag or digest
 *
 * @example
 * ```ts
 * import { parseImageRef } from "@flyhot/runtime/protocol";
 * parseImageRef("registry.fly.io/my-app:deployment-01K93Q").tag; // "deployment-01K93Q"
 * ```
 */
export function parseImageRef(ref: string): ImageRef {
  const trimmed = ref.trim();
  const at = trimmed.indexOf("@");
  const digest = at === -1 ? null : trimmed.slice(at + 1);
  const named = at === -1 ? trimmed : trimmed.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const repository = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : null;
  if (repository === "" || tag === "" || digest === "") {
    throw new TypeError(`Cannot read the image reference "${ref}"`);
  }
  return { repository, tag, digest };
}

/**
 * Tells whether two references name the same image, judged by the most exact part that both have; one with neither
 * tag nor digest means the tag `latest`.
 *
 * @param a one reference
 * @param b the other
 * @returns true if the repositories are equal and the digests are (or, where one has none, the tags); false where one
 * cannot be read, as of a machine whose host does not answer
 */
export function sameImage(a: string, b: string): boolean {
  const left = readable(a);
  const right = readable(b);
  if (left === null || right === null) return false;
  if (left.repository !== right.repository) return false;
  if (left.digest !== null && right.digest !== null) {
    return left.digest === right.digest;
  }
  const tag = tagOf(left);
  return tag !== null && tag === tagOf(right);
}

function readable(ref: string): ImageRef | null {
  try {
    return parseImageRef(ref);
  } catch {
    return null;
  }
}

function tagOf({ tag, digest }: ImageRef): string | null {
  return tag ?? (digest === null ? "latest" : null);
}
