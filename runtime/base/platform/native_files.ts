/** What reads files, kept when the runtime is loaded: what apps read is led and noted, what the runtime reads is not.
 * @module
 */

/** Deno's functions as they were when the runtime was loaded. */
export const nativeFiles = {
  /** `Deno.open`. */
  open: Deno.open,
  /** `Deno.openSync`. */
  openSync: Deno.openSync,
  /** `Deno.stat`. */
  stat: Deno.stat,
  /** `Deno.lstat`. */
  lstat: Deno.lstat,
  /** `Deno.lstatSync`. */
  lstatSync: Deno.lstatSync,
  /** `Deno.statSync`. */
  statSync: Deno.statSync,
  /** `Deno.readFileSync`. */
  readFileSync: Deno.readFileSync,
  /** `Deno.readTextFileSync`. */
  readTextFileSync: Deno.readTextFileSync,
  /** `Deno.realPathSync`. */
  realPathSync: Deno.realPathSync,
  /** `Deno.readTextFile`. */
  readTextFile: Deno.readTextFile,
  /** `Deno.readDir`. */
  readDir: Deno.readDir,
  /** `Deno.realPath`. */
  realPath: Deno.realPath,
  /** `Deno.copyFile`. */
  copyFile: Deno.copyFile,
} as const;
