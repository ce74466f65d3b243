/**
 * What a package of the loopback registry is.
 *
 * @module
 */

/** One version of a package, whole, as it was at one moment. */
export interface PackageSnapshot {
  /** The version, the only one that the registry offers. */
  readonly version: string;
  /** Entry points as in `deno.json`: `"."` or `"./name"` to a path with `./`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Every file by its path from the package root, without a leading `./`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** A package that the loopback registry serves itself. */
export interface RegistryPackage {
  /** The name, with its scope: `@flyhot/runtime`. */
  readonly name: string;
  /** Reads the package again. */
  snapshot(): Promise<PackageSnapshot>;
}
