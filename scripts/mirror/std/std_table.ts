/**
 * Which modules of the npm republication stand for which entry points of the
 * standard library.
 *
 * @module
 */

/** The npm package that republishes the standard library, by Lume's author. */
export const REPUBLICATION = "npm:deno-std@1.4.0";

/** An entry point. */
export interface StdModule {
  /** Its name: "." or "./name". */
  readonly entry: string;
  /** Its module in the republication. */
  readonly module: string;
  /** The file in `types/` that declares what it exports. */
  readonly types: string;
}

/** The entry points that this tree imports, by package; `@std/tar` is our own. */
export const STD_MODULES: Readonly<Record<string, readonly StdModule[]>> = {
  "@std/assert": [
    { entry: ".", module: "assert/mod.js", types: "assert.d.ts" },
  ],
  "@std/cli": [{
    entry: "./parse-args",
    module: "cli/parse_args.js",
    types: "cli_parse_args.d.ts",
  }],
  "@std/fmt": ["bytes", "colors"].map((name) => ({
    entry: `./${name}`,
    module: `fmt/${name}.js`,
    types: `fmt_${name}.d.ts`,
  })),
  "@std/path": [
    { entry: ".", module: "path/mod.js", types: "path.d.ts" },
    { entry: "./posix", module: "path/posix/mod.js", types: "path.d.ts" },
  ],
  "@std/streams": [{
    entry: "./text-line-stream",
    module: "streams/text_line_stream.js",
    types: "streams_text_line_stream.d.ts",
  }],
  "@std/toml": [
    { entry: ".", module: "toml/mod.js", types: "toml.d.ts" },
  ],
};
