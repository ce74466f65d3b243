/**
 * Which modules of the npm republication stand for which entry points of the
 * standard library, and what each of them exports.
 *
 * @module
 */

/** The npm package that republishes the standard library, by Lume's author. */
export const REPUBLICATION = "npm:deno-std@1.4.0";

/** An entry point with everything that lies beside its module. */
export interface StdModule {
  /** The entry point: "." or "./name". */
  readonly entry: string;
  /** Its module in the republication. */
  readonly module: string;
  /** The file in `types/` that declares what it exports. */
  readonly types: string;
  /**
   * Narrower entry points beside it ("./name/part", or "./part" beside the
   * root), each with the names it exports. Their modules are in the same
   * folder, named alike.
   */
  readonly parts?: Readonly<Record<string, string>>;
  /**
   * Parts that are modules of our own, each with its file, because the
   * republication has them broken. Then its root is broken as well, and is put
   * together from the parts instead.
   */
  readonly own?: Readonly<Record<string, string>>;
}

const PATH_PARTS = {
  "basename": "basename",
  "common": "common",
  "constants": "DELIMITER SEPARATOR SEPARATOR_PATTERN",
  "dirname": "dirname",
  "extname": "extname",
  "format": "format",
  "from-file-url": "fromFileUrl",
  "glob-to-regexp": "globToRegExp GlobToRegExpOptions",
  "is-absolute": "isAbsolute",
  "is-glob": "isGlob",
  "join": "join",
  "join-globs": "joinGlobs",
  "normalize": "normalize",
  "normalize-glob": "normalizeGlob",
  "parse": "parse ParsedPath",
  "relative": "relative",
  "resolve": "resolve",
  "to-file-url": "toFileUrl",
  "to-namespaced-path": "toNamespacedPath",
};

const ASSERT_PARTS = {
  "almost-equals": "assertAlmostEquals",
  "array-includes": "assertArrayIncludes",
  "assert": "assert",
  "assertion-error": "AssertionError",
  "equal": "equal",
  "equals": "assertEquals",
  "exists": "assertExists",
  "fail": "fail",
  "false": "assertFalse",
  "greater": "assertGreater",
  "greater-or-equal": "assertGreaterOrEqual",
  "instance-of": "assertInstanceOf",
  "is-error": "assertIsError",
  "less": "assertLess",
  "less-or-equal": "assertLessOrEqual",
  "match": "assertMatch",
  "not-equals": "assertNotEquals",
  "not-instance-of": "assertNotInstanceOf",
  "not-match": "assertNotMatch",
  "not-strict-equals": "assertNotStrictEquals",
  "object-match": "assertObjectMatch",
  "rejects": "assertRejects",
  "strict-equals": "assertStrictEquals",
  "string-includes": "assertStringIncludes",
  "throws": "assertThrows",
  "unimplemented": "unimplemented",
  "unreachable": "unreachable",
};

const STREAMS_PARTS = {
  "buffer": "Buffer",
  "byte-slice-stream": "ByteSliceStream",
  "concat-readable-streams": "concatReadableStreams",
  "delimiter-stream":
    "DelimiterStream DelimiterStreamOptions DelimiterDisposition",
  "early-zip-readable-streams": "earlyZipReadableStreams",
  "limited-bytes-transform-stream":
    "LimitedBytesTransformStream LimitedBytesTransformStreamOptions",
  "limited-transform-stream":
    "LimitedTransformStream LimitedTransformStreamOptions",
  "merge-readable-streams": "mergeReadableStreams",
  "text-delimiter-stream": "TextDelimiterStream",
  "text-line-stream": "TextLineStream TextLineStreamOptions",
  "to-array-buffer": "toArrayBuffer",
  "to-blob": "toBlob",
  "to-bytes": "toBytes",
  "to-json": "toJson",
  "to-text": "toText",
  "to-transform-stream": "toTransformStream",
  "zip-readable-streams": "zipReadableStreams",
};

/** The packages that can be republished, by name; `@std/tar` is our own. */
export const STD_MODULES: Readonly<Record<string, readonly StdModule[]>> = {
  "@std/assert": [
    root("assert", ASSERT_PARTS),
  ],
  "@std/cli": [{
    ...root("cli", {
      "parse-args": "parseArgs ParseOptions",
      "prompt-secret": "promptSecret PromptSecretOptions",
    }),
    own: { "unicode-width": "unicode_width.ts" },
  }],
  "@std/fmt": ["bytes", "colors", "duration", "printf"].map((name) => ({
    entry: `./${name}`,
    module: `fmt/${name}.js`,
    types: `fmt_${name}.d.ts`,
  })),
  "@std/path": [
    root("path", PATH_PARTS),
    ...["posix", "windows"].map((name) => ({
      entry: `./${name}`,
      module: `path/${name}/mod.js`,
      types: "path.d.ts",
      parts: PATH_PARTS,
    })),
  ],
  "@std/streams": [
    root("streams", STREAMS_PARTS),
  ],
  "@std/toml": [
    root("toml", {
      "parse": "parse",
      "stringify": "stringify StringifyOptions",
    }),
  ],
};

function root(folder: string, parts: Readonly<Record<string, string>>) {
  const module = `${folder}/mod.js`;
  return { entry: ".", module, types: `${folder}.d.ts`, parts };
}
