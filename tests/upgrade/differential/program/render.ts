/** From a version of a program to the files of its release.
 * @module
 */
import { boundary, cycle, link, types } from "../features/imports.ts";
import { data, memo, variable } from "../features/data.ts";
import { derived, work } from "../features/evaluation.ts";
import { registration } from "../features/registration.ts";
import { handedNames } from "../features/handed_names.ts";
import { hidden } from "../features/hidden_instances.ts";
import { hub } from "../features/sharing.ts";
import { owned } from "../features/owners.ts";
import { optional, queries } from "../features/optional.ts";
import { begun, calls } from "../features/rebinding.ts";
import { running, server } from "../features/running.ts";
import { state } from "../features/state.ts";
import type {
  Feature,
  HealthKind,
  Piece,
  Release,
  Rendering,
  Version,
} from "./model.ts";

/** All features that programs are drawn from. */
export const FEATURES: readonly Feature[] = [
  link,
  cycle,
  boundary,
  types,
  data,
  memo,
  variable,
  registration,
  running,
  server,
  state,
  handedNames,
  hidden,
  hub,
  derived,
  work,
  optional,
  queries,
];

/** What else programs that ask for rebinding are drawn from. */
export const REBINDING: readonly Feature[] = [calls, begun, owned];

/** The kinds of pieces whose `read` depends on nothing but code and files. */
const READERS = [
  "link",
  "cycle",
  "boundary",
  "data",
  "memo",
  "registration",
  "hub",
  "derived",
  "work",
  "calls",
  "optional",
  "queries",
];

/** The feature of a piece. */
export function featureOf(piece: Piece): Feature {
  const found = [...FEATURES, ...REBINDING].find((feature) =>
    feature.kind === piece.kind
  );
  if (!found) throw new Error(`No feature is called ${piece.kind}`);
  return found;
}

/** What is appended to the entry module of a piece that is broken in some way. */
const BREAKS: Readonly<Record<string, string>> = {
  syntax: `export const = "broken";\n`,
  throw: `throw new Error("broken at its top level");\n`,
  missing:
    `import { nothingOfThisName } from "./app_words.ts";\nexport const broken = nothingOfThisName;\n`,
  reject: `Promise.reject(new Error("rejected and not awaited"));\n`,
  timer: `setTimeout(() => { throw new Error("thrown by a timer"); }, 1);\n`,
  exit: `Deno.exit(3);\n`,
};

/** Which breaks there are, with weights. */
export const BREAK_KINDS = [
  ["syntax", 2],
  ["throw", 3],
  ["missing", 2],
  ["reject", 2],
  ["timer", 1],
  ["exit", 1],
] as const;

/** The files of a version, and what can be asked of it. */
export function renderVersion(version: Version, health: HealthKind): Release {
  const readable = version.pieces.filter(({ kind, presence }) =>
    presence === "imported" && READERS.includes(kind)
  ).map(({ id }) => id);
  const present = version.pieces.filter((piece) => piece.presence !== "absent")
    .map((piece) => ({
      piece,
      rendering: featureOf(piece).render(piece.id, piece.params, readable),
    }));
  const imported = present.filter(({ piece }) => piece.presence === "imported");
  const files: Record<string, string> = {
    "app_words.ts": `export const words = "words";\n`,
  };
  for (const { piece, rendering } of present) {
    Object.assign(files, rendering.files);
    const broken = BREAKS[String(piece.params.broken ?? "")];
    if (broken) files[rendering.entry] += broken;
  }
  const renderings = imported.map(({ rendering }) => rendering);
  files["app.ts"] = appModule(imported, version, health);
  files["deno.json"] = configuration(renderings, version.rebind ?? false);
  return {
    files,
    probes: [
      ...renderings.flatMap((rendering) => rendering.probes),
      { name: "all", args: [7], how: "call", underLoad: true },
    ],
    holders: renderings.flatMap(({ holder }) => holder ? [holder] : []),
    given: renderings.flatMap(({ given }) => given ?? []),
    variables: renderings.flatMap(({ variable }) => variable ? [variable] : []),
    ports: version.pieces.filter(({ kind }) => kind === server.kind)
      .map(({ id }) => id),
  };
}

function appModule(
  imported: readonly { piece: Piece; rendering: Rendering }[],
  version: Version,
  health: HealthKind,
): string {
  const lines = [`// note ${version.note}`];
  const readers: string[] = [];
  for (const { piece, rendering } of imported) {
    const names = rendering.exports.map((name) =>
      `${name} as ${piece.id}_${name}`
    ).join(", ");
    if (piece.params.wire === "reexport") {
      lines.push(`export { ${names} } from "./${rendering.entry}";`);
      if (READERS.includes(piece.kind)) {
        lines.push(
          `import { read as ${piece.id}_inner } from "./${rendering.entry}";`,
        );
        readers.push(`${piece.id}_inner`);
      }
      continue;
    }
    const inner = rendering.exports.map((name) =>
      `${name} as ${piece.id}_inner_${name}`
    ).join(", ");
    lines.push(`import { ${inner} } from "./${rendering.entry}";`);
    for (const name of rendering.exports) {
      lines.push(
        `export const ${piece.id}_${name} = (...args: any[]) => (${piece.id}_inner_${name} as any)(...args);`,
      );
    }
    if (READERS.includes(piece.kind)) {
      readers.push(`${piece.id}_inner_read`);
    }
  }
  // Waits between its questions: an upgrade must not change the code beneath an answer that has begun.
  const pause = `await new Promise((done) => setTimeout(done, 1));`;
  const asking = version.rebind
    // Called by their names, they do not keep the module from staying.
    ? readers.map((read) =>
      `  answers.push(await (${read} as any)(x)); ${pause}`
    )
    : [
      `  for (const read of [${
        readers.join(", ")
      }] as any[]) { answers.push(await read(x)); ${pause} }`,
    ];
  lines.push(
    `export const all = async (x: number) => {`,
    `  const answers: unknown[] = [];`,
    ...asking,
    `  return answers.join(" ");`,
    `};`,
  );
  const counted = imported.find(({ piece }) => piece.kind === "state");
  const fine = version.healthy
    ? "true"
    : `(() => { throw new Error("unhealthy on purpose"); })()`;
  if (health === "state" && counted) {
    lines.push(
      `import { show as asked } from "./${counted.rendering.entry}";`,
      `export const healthy = async () => typeof await asked(0) === "string" && ${fine};`,
    );
  } else lines.push(`export const healthy = async () => ${fine};`);
  return lines.join("\n") + "\n";
}

function configuration(
  renderings: readonly Rendering[],
  rebind: boolean,
): string {
  const aliases = Object.assign(
    {},
    ...renderings.map(({ aliases }) => aliases),
  );
  const startsAnew = renderings.flatMap(({ startsAnew }) => startsAnew ?? []);
  return JSON.stringify(
    {
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
        ...aliases,
      },
      flyhot: { startsAnew, ...rebind ? { rebind } : {} },
    },
    null,
    2,
  ) + "\n";
}
