/** What a pointer holds that this code cannot read: it is kept, and it is not nothing.
 * @module
 */
import { sameImage } from "./image_ref.ts";

/** Of a pointer, what could not be read. */
export interface WithUnread {
  /** Whole entries, by their keys. */
  readonly unread?: Readonly<Record<string, unknown>>;
  /** The entries that could be read. */
  readonly generations: Readonly<
    Record<string, { readonly unread?: readonly unknown[] }>
  >;
}

/** How long an entry that nobody can read may be, to be kept. */
const UNREAD_LENGTH_MAX = 64 * 1024;

/**
 * Tells whether the entry of a base image is there and cannot be read.
 *
 * @param pointer the pointer, or null where there is none
 * @param imageRef the base image
 * @returns true if nobody can tell what its machines should run
 */
export function isUnread(
  pointer: WithUnread | null,
  imageRef: string,
): boolean {
  if (imageRef === "") return false;
  return Object.entries(pointer?.unread ?? {}).some(([key, entry]) =>
    [key, imageRefIn(entry)].some((ref) =>
      ref === imageRef || sameImage(ref, imageRef)
    )
  );
}

/**
 * All that cannot be read: whole entries, and those of histories.
 *
 * @param pointer the pointer
 * @returns as it was found
 */
export function unreadIn(pointer: WithUnread): readonly unknown[] {
  return [
    ...Object.values(pointer.unread ?? {}),
    ...Object.values(pointer.generations).flatMap(({ unread = [] }) => unread),
  ];
}

/** Tells whether something found in a pointer may be written back. */
export function canBeWritten(value: unknown): boolean {
  try {
    return JSON.stringify(value).length <= UNREAD_LENGTH_MAX;
  } catch {
    return false;
  }
}

function imageRefIn(entry: unknown): string {
  return typeof entry === "object" && entry !== null && "image_ref" in entry &&
      typeof entry.image_ref === "string"
    ? entry.image_ref
    : "";
}
