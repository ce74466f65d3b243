/** The pointer: which release is current for which base image.
 * @module
 */
import {
  type HotUpgrade,
  hotUpgradeReader,
  imageRef,
  type ReleasePlace,
} from "./hot_upgrade.ts";
import { sameImage } from "./image_ref.ts";
import { canBeWritten } from "./pointer_unread.ts";
import { PROTOCOL_VERSION, protocolVersion } from "./manifest/manifest.ts";
import {
  listOf,
  nullable,
  object,
  ProtocolError,
  type Reader,
  string,
  whole,
} from "./json/parse.ts";

export type { HotUpgrade };

/** All machines on one base image. */
export interface Generation {
  /** The base image. */
  readonly image_ref: string;
  /** When a machine or a deployer first named it, RFC 3339. */
  readonly first_seen: string;
  /** What its machines should run, or null for the base image as it is. */
  readonly hot_upgrade: HotUpgrade | null;
  /** Earlier upgrades, newest first, each with its final state; at most {@linkcode HISTORY_MAX}. */
  readonly history: readonly HotUpgrade[];
  /** Earlier upgrades that could not be read, as they were found; {@linkcode pointerRecord} writes them back. */
  readonly unread?: readonly unknown[];
}

/** The pointer: which release is current for which base image. */
export interface Pointer {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** The Fly app. */
  readonly app: string;
  /** ULID given when the pointer was made; revisions are compared within one lineage only. */
  readonly lineage?: string;
  /** Grows with every write; a reader never acts on a smaller one than it has seen of the same lineage. */
  readonly revision: number;
  /** When it was last written, RFC 3339. */
  readonly set_at: string;
  /** The newest generation's image, under the name that readers of `fly_deploy` know. */
  readonly image_ref: string;
  /** The newest generation's upgrade, likewise. */
  readonly hot_upgrade: HotUpgrade | null;
  /** The generations by image reference. */
  readonly generations: Readonly<Record<string, Generation>>;
  /** Generations that could not be read, as they were found; {@linkcode pointerRecord} writes them back. */
  readonly unread?: Readonly<Record<string, unknown>>;
}

/** How a pointer is read. */
export interface PointerReading {
  /** The bucket it was read from: releases elsewhere are refused. */
  readonly place?: ReleasePlace;
  /** Told of each entry that is set aside. */
  readonly warn?: (text: string) => void;
}

/** How many earlier upgrades a generation remembers. */
export const HISTORY_MAX = 20;
/** How many base images the pointer remembers, unless machines run more of them. */
export const GENERATIONS_MAX = 20;

/**
 * Reads a pointer. An entry that cannot be read is set aside with a warning, and stops no other.
 *
 * @param value parsed JSON
 * @param reading where it was read from, and who is told of bad entries
 * @returns the pointer
 * @throws {ProtocolError} if it is not a pointer of this protocol
 */
export function parsePointer(
  value: unknown,
  reading: PointerReading = {},
): Pointer {
  const at = "pointer";
  const it = object(value, at);
  const warn = reading.warn ?? (() => {});
  const upgrade = hotUpgradeReader(reading.place ?? null);
  const generations: Record<string, Generation> = Object.create(null);
  const unread: Record<string, unknown> = Object.create(null);
  const protocol = protocolVersion(it.protocol, `${at}.protocol`);
  const app = string(it.app, `${at}.app`);
  const revision = whole(it.revision, `${at}.revision`);
  const setAt = string(it.set_at, `${at}.set_at`);
  const entries = object(it.generations, `${at}.generations`);
  for (const [key, entry] of Object.entries(entries)) {
    const where = `${at}.generations[${JSON.stringify(key)}]`;
    const read = orWarning(
      () => readGeneration(entry, where, upgrade, warn),
      warn,
    );
    if (read) generations[key] = read;
    else unread[key] = entry;
  }
  // For other readers only: what this code goes by stands in the generations.
  const mirrored = orWarning(() => ({
    image_ref: imageRef(it.image_ref, `${at}.image_ref`),
    hot_upgrade: nullable(upgrade)(it.hot_upgrade, `${at}.hot_upgrade`),
  }), warn) ?? newest(generations);
  const lineage = it.lineage === undefined || it.lineage === null
    ? {}
    : { lineage: string(it.lineage, `${at}.lineage`) };
  return {
    protocol,
    app,
    ...lineage,
    revision,
    set_at: setAt,
    ...mirrored,
    generations,
    ...(Object.keys(unread).length === 0 ? {} : { unread }),
  };
}

function readGeneration(
  value: unknown,
  at: string,
  upgrade: Reader<HotUpgrade>,
  warn: (text: string) => void,
): Generation {
  const it = object(value, at);
  const unread: unknown[] = [];
  const history = listOf((entry, where) => {
    const read = orWarning(() => upgrade(entry, where), warn);
    if (read === null) unread.push(entry);
    return read;
  })(it.history, `${at}.history`);
  return {
    image_ref: imageRef(it.image_ref, `${at}.image_ref`),
    first_seen: string(it.first_seen, `${at}.first_seen`),
    hot_upgrade: nullable(upgrade)(it.hot_upgrade, `${at}.hot_upgrade`),
    history: history.filter((entry) => entry !== null),
    ...(unread.length === 0 ? {} : { unread }),
  };
}

function orWarning<T>(read: () => T, warn: (text: string) => void): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    warn(`${error.message}; the entry is set aside`);
    return null;
  }
}

function newest(
  generations: Readonly<Record<string, Generation>>,
): Pick<Pointer, "image_ref" | "hot_upgrade"> {
  const [first] = Object.values(generations).sort((a, b) =>
    a.first_seen < b.first_seen ? 1 : -1
  );
  return {
    image_ref: first?.image_ref ?? "",
    hot_upgrade: first?.hot_upgrade ?? null,
  };
}

/**
 * The record to be written for a pointer: entries that could not be read go back as they were found.
 *
 * @param pointer the pointer
 * @param lineage what to name its lineage where it has none yet
 * @returns plain data for JSON
 */
export function pointerRecord(pointer: Pointer, lineage: string): unknown {
  const { unread, generations, protocol, app, ...rest } = pointer;
  const all = Object.fromEntries(
    Object.entries(generations).map(([key, it]) => [key, generationRecord(it)]),
  );
  const kept = Object.entries(unread ?? {}).slice(0, GENERATIONS_MAX)
    .filter(([key, value]) => !Object.hasOwn(all, key) && canBeWritten(value));
  return {
    protocol,
    app,
    lineage,
    ...rest,
    generations: { ...all, ...Object.fromEntries(kept) },
  };
}

function generationRecord(
  { unread = [], history, ...rest }: Generation,
): unknown {
  // Behind the others: nobody can tell how old they are.
  const all = [...history, ...unread.filter(canBeWritten)];
  return { ...rest, history: all.slice(0, HISTORY_MAX) };
}

/**
 * The pointer with a generation that is new or changed: what machines and commands write.
 *
 * @param pointer the pointer, or null where there is none
 * @param app the Fly app
 * @param generation the generation
 * @param now the time, RFC 3339
 * @param key the key it has in the pointer. Default its base image
 * @returns the next pointer
 */
export function pointerWithGeneration(
  pointer: Pointer | null,
  app: string,
  generation: Generation,
  now: string,
  key: string = generation.image_ref,
): Pointer {
  const before = pointer ?? emptyPointer(app, generation.image_ref, now);
  return pointerWithGenerations(
    before,
    boundedGenerations(
      { ...before.generations, [key]: generation },
      new Set([key]),
    ),
    now,
    Object.hasOwn(before.generations, key) ? null : key,
  );
}

/**
 * The pointer with other generations: they stand in it newest first, and the newest once more at the top, where readers
 * of the seed look.
 *
 * @param pointer the pointer
 * @param generations all its generations
 * @param now the time, RFC 3339
 * @param added the key of one that was not there before: it is the newest, whatever the clocks say. Default none
 * @returns the next pointer
 */
export function pointerWithGenerations(
  pointer: Pointer,
  generations: Pointer["generations"],
  now: string,
  added: string | null = null,
): Pointer {
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  const newestFirst = Object.entries(generations)
    .sort(([a, one], [b, other]) =>
      Number(b === added) - Number(a === added) ||
      compare(other.first_seen, one.first_seen) || compare(b, a)
    );
  const newest = newestFirst[0]?.[1] ?? pointer;
  const { unread = {}, ...rest } = pointer;
  const left = Object.entries(unread)
    .filter(([key]) => !Object.hasOwn(generations, key));
  return {
    ...rest,
    revision: pointer.revision + 1,
    set_at: now,
    image_ref: newest.image_ref,
    hot_upgrade: newest.hot_upgrade,
    generations: Object.fromEntries(newestFirst),
    ...(left.length === 0 ? {} : { unread: Object.fromEntries(left) }),
  };
}

/**
 * A pointer before its first write.
 *
 * @param app the Fly app
 * @param imageRef the base image
 * @param now the time, RFC 3339
 * @returns the pointer, without generations
 */
export function emptyPointer(
  app: string,
  imageRef: string,
  now: string,
): Pointer {
  return {
    protocol: PROTOCOL_VERSION,
    app,
    revision: 0,
    set_at: now,
    image_ref: imageRef,
    hot_upgrade: null,
    generations: {},
  };
}

/**
 * Finds the generation of a base image, by its parts.
 *
 * @param pointer the pointer, or null where there is none
 * @param imageRef the base image
 * @returns its key in the pointer, or null if the pointer does not know the image
 */
export function generationKey(
  pointer: Pointer | null,
  imageRef: string,
): string | null {
  for (const [key, generation] of Object.entries(pointer?.generations ?? {})) {
    if (sameImage(generation.image_ref, imageRef)) return key;
  }
  return null;
}

/**
 * Finds the generation of a base image, by its parts.
 *
 * @param pointer the pointer, or null where there is none
 * @param imageRef the base image
 * @returns the generation, or null if the pointer does not know the image
 */
export function generationOf(
  pointer: Pointer | null,
  imageRef: string,
): Generation | null {
  const key = generationKey(pointer, imageRef);
  return key === null ? null : pointer?.generations[key] ?? null;
}

/**
 * Bounds how many generations are remembered: the oldest go first, but none that is in use.
 *
 * @param generations the generations
 * @param inUse the keys of those that stay
 * @param knowsAll whether `inUse` names every generation that a machine runs; else only such go that nothing was ever
 * brought to, because a machine that runs one loses nothing by it
 * @returns at most {@linkcode GENERATIONS_MAX}, unless more of them have to stay
 */
export function boundedGenerations(
  generations: Readonly<Record<string, Generation>>,
  inUse: ReadonlySet<string>,
  knowsAll = false,
): Readonly<Record<string, Generation>> {
  const oldestFirst = Object.entries(generations)
    .sort(([, a], [, b]) => a.first_seen < b.first_seen ? -1 : 1);
  let surplus = oldestFirst.length - GENERATIONS_MAX;
  const dropped = new Set<string>();
  for (const [key, { hot_upgrade, history }] of oldestFirst) {
    if (surplus <= 0) break;
    const isEmpty = hot_upgrade === null && history.length === 0;
    if (inUse.has(key) || !(knowsAll || isEmpty)) continue;
    dropped.add(key);
    surplus--;
  }
  return dropped.size === 0 ? generations : Object.fromEntries(
    Object.entries(generations).filter(([key]) => !dropped.has(key)),
  );
}
