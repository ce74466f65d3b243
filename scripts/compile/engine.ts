/**
 * How the engine of the compiled `flyhot` runs: a command is short, and what it
 * computes at length is the first packing of an app.
 *
 * Of 316 scripts that took a third less of the processors. TurboFan spends
 * seconds on code that runs for less, and throws most of it away at the next
 * kind of script; trees of syntax fill the small young generation that a
 * process begins with again and again.
 *
 * @module
 */

/** The flags of `deno compile` and `deno run`. */
export const ENGINE_FLAGS: readonly string[] = [
  "--v8-flags=--no-opt,--min-semi-space-size=16",
];
