/** What the platform's own functions and methods do with what they are given.
 * @module
 */

/** Methods of Map, Set, Array, binary data, Date, headers and iterators that change it. */
export const MUTATORS: ReadonlySet<string> = new Set([
  "set",
  "add",
  "delete",
  "clear",
  "push",
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
  "fill",
  "copyWithin",
  "getOrInsert",
  "getOrInsertComputed",
  "append",
  "next",
  ...[
    "Int8",
    "Uint8",
    "Int16",
    "Uint16",
    "Int32",
    "Uint32",
    "Float16",
    "Float32",
    "Float64",
    "BigInt64",
    "BigUint64",
  ].map((type) => `set${type}`),
  ...[
    "Date",
    "FullYear",
    "Hours",
    "Milliseconds",
    "Minutes",
    "Month",
    "Seconds",
    "Time",
  ].flatMap((unit) => [`set${unit}`, `setUTC${unit}`]),
]);

/** Methods of Map, Set and Array that only read it. */
export const COLLECTION_READS: ReadonlySet<string> = new Set([
  "get",
  "has",
  "at",
  "concat",
  "entries",
  "every",
  "filter",
  "find",
  "findIndex",
  "findLast",
  "findLastIndex",
  "flat",
  "flatMap",
  "forEach",
  "includes",
  "indexOf",
  "lastIndexOf",
  "join",
  "keys",
  "map",
  "reduce",
  "reduceRight",
  "slice",
  "some",
  "toReversed",
  "toSorted",
  "toSpliced",
  "values",
  "with",
  "subarray",
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
  "isSubsetOf",
  "isSupersetOf",
  "isDisjointFrom",
  "getTime",
  "toISOString",
  "toJSON",
  "toString",
  "toLocaleString",
  "valueOf",
  "hasOwnProperty",
]);

/** Those of them that mean the same on whatever has them; `get` is how routers register. */
export const HARMLESS_METHODS: ReadonlySet<string> = new Set([
  "at",
  "concat",
  "endsWith",
  "every",
  "filter",
  "find",
  "findIndex",
  "flat",
  "flatMap",
  "hasOwnProperty",
  "includes",
  "indexOf",
  "join",
  "lastIndexOf",
  "map",
  "padEnd",
  "padStart",
  "reduce",
  "repeat",
  "replace",
  "replaceAll",
  "slice",
  "some",
  "split",
  "startsWith",
  "substring",
  "toFixed",
  "toISOString",
  "toJSON",
  "toLocaleString",
  "toLowerCase",
  "toReversed",
  "toSorted",
  "toString",
  "toUpperCase",
  "trim",
  "valueOf",
]);

/** Methods that call a function they are given before they return, or as soon as a promise settles. */
export const CALLING_METHODS: ReadonlySet<string> = new Set([
  "every",
  "filter",
  "find",
  "findIndex",
  "findLast",
  "findLastIndex",
  "flatMap",
  "forEach",
  "map",
  "reduce",
  "reduceRight",
  "some",
  "sort",
  "toSorted",
  "replace",
  "replaceAll",
  "then",
  "catch",
  "finally",
  "call",
  "apply",
  "getOrInsertComputed",
]);

/** Functions of the platform that do so, with their receiver. */
export const CALLING_FUNCTIONS: ReadonlySet<string> = new Set([
  "Array.from",
  "Array.fromAsync",
  "Object.groupBy",
  "Map.groupBy",
  "Promise.try",
  "Promise.all",
  "Promise.allSettled",
  "queueMicrotask",
  "new Promise",
  "Reflect.apply",
  "Reflect.construct",
]);

/** Methods whose result is a new collection: sorting it changes nothing else. */
export const COPYING_METHODS: ReadonlySet<string> = new Set([
  "concat",
  "entries",
  "filter",
  "flat",
  "flatMap",
  "keys",
  "map",
  "slice",
  "split",
  "toReversed",
  "toSorted",
  "toSpliced",
  "values",
  "with",
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
]);

/** Methods that hand out one element. */
export const ELEMENT_METHODS: ReadonlySet<string> = new Set([
  "at",
  "find",
  "findLast",
  "get",
  "getOrInsert",
  "getOrInsertComputed",
  "pop",
  "shift",
]);

/** Functions of the platform that change their first argument. */
export const WRITING_FUNCTIONS: ReadonlySet<string> = new Set([
  "Object.assign",
  "Object.defineProperty",
  "Object.defineProperties",
  "Object.setPrototypeOf",
  "Object.freeze",
  "Object.seal",
  "Object.preventExtensions",
  "Atomics.add",
  "Atomics.and",
  "Atomics.compareExchange",
  "Atomics.exchange",
  "Atomics.or",
  "Atomics.store",
  "Atomics.sub",
  "Atomics.xor",
  "Reflect.set",
  "Reflect.defineProperty",
  "Reflect.deleteProperty",
  "Reflect.setPrototypeOf",
]);

const READING_OBJECTS = new Set([
  "console",
  "JSON",
  "Math",
  "Number",
  "String",
  "BigInt",
  "Intl",
]);
const READING_FUNCTIONS = new Set([
  "Object.keys",
  "Object.values",
  "Object.entries",
  "Object.is",
  "Object.hasOwn",
  "Object.fromEntries",
  "Object.isFrozen",
  "Object.getPrototypeOf",
  "Object.getOwnPropertyNames",
  "Array.isArray",
  "Array.from",
  "Array.of",
  "Promise.all",
  "Promise.race",
  "Promise.any",
  "Promise.allSettled",
  "Promise.resolve",
  "String",
  "Number",
  "Boolean",
  "BigInt",
  "Symbol",
  "parseInt",
  "parseFloat",
  "isNaN",
  "structuredClone",
  "encodeURIComponent",
  "decodeURIComponent",
  "encodeURI",
  "decodeURI",
  "btoa",
  "atob",
  "new Map",
  "new Set",
  "new WeakSet",
  "new Array",
  "new Date",
  "new URL",
  "new URLSearchParams",
  "new RegExp",
  "new Error",
  "new TypeError",
  "new RangeError",
  "new Headers",
  "new Response",
  "new Request",
  "new Blob",
  "new Uint8Array",
]);

/** Whether a function of the platform only reads what it is given. Returns true if so. */
export function onlyReads(name: string): boolean {
  return READING_FUNCTIONS.has(name) ||
    READING_OBJECTS.has(name.slice(0, name.indexOf(".")));
}

/** Objects of the platform that have nothing a second evaluation could do twice. */
export const STATELESS_CLASSES: ReadonlySet<string> = new Set([
  "TextEncoder",
  "TextDecoder",
  "URL",
  "URLPattern",
  "RegExp",
  "Error",
  "TypeError",
  "RangeError",
  "Response",
  "Request",
  "Blob",
  "Date",
  "Intl.DateTimeFormat",
  "Intl.NumberFormat",
  "Intl.Collator",
  "Intl.PluralRules",
  "Intl.RelativeTimeFormat",
  "Intl.ListFormat",
  "Intl.Segmenter",
]);

/** Classes of the platform by what a list of them is treated as. */
export const COLLECTION_CLASSES: ReadonlyMap<string, "map" | "set" | "array"> =
  new Map([
    ["Map", "map"],
    ["WeakMap", "map"],
    ["URLSearchParams", "map"],
    ["Headers", "map"],
    ["FormData", "map"],
    ["Set", "set"],
    ["WeakSet", "set"],
    ["Array", "array"],
    ...[
      "Int8Array",
      "Uint8Array",
      "Uint8ClampedArray",
      "Int16Array",
      "Uint16Array",
      "Int32Array",
      "Uint32Array",
      "Float16Array",
      "Float32Array",
      "Float64Array",
      "BigInt64Array",
      "BigUint64Array",
    ].map((name): [string, "array"] => [name, "array"]),
  ]);

const HANDLE_FUNCTIONS =
  /^(?:Deno\.(?:openKv|open|openSync|create|createSync|connect|connectTls|listenDatagram|watchFs|dlopen|connectQuic)|(?:[\w$]+\.)*(?:createClient|createPool|createConnection|createCluster))$/;
const HANDLE_CLASSES =
  /^(?:DatabaseSync|Database|DB|WebSocket|WebSocketStream|EventSource|Worker|BroadcastChannel|Pool|Client|Redis|MongoClient|PrismaClient)$/;

/** Whether a call opens something outside the process that has to be closed again. Returns true if so. */
export function opensHandle(name: string): boolean {
  return name.startsWith("new ")
    ? HANDLE_CLASSES.test(name.slice(4).split(".").at(-1)!)
    : HANDLE_FUNCTIONS.test(name);
}

/**
 * Whether a specifier is that of the runtime, whose holders, services and boundaries outlive their modules by
 * themselves. Returns true if so.
 */
export function isRuntime(specifier: string): boolean {
  return /^(?:jsr:\/?)?@flyhot\/runtime(?:@[^/]+)?(?:\/|$)/.test(specifier);
}

/**
 * Whether a specifier leads outside of the app whatever the import map says. Returns true if so; a bare one may be an
 * alias, and is not told.
 */
export function isExternal(specifier: string): boolean {
  return /^(?:npm|jsr|node|https?|data|bun):/.test(specifier) ||
    isRuntime(specifier);
}
