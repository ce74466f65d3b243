/** Why modules cannot be reloaded: boot modules, declined ones, CommonJS, and what nobody could tell of them.
 * @module
 */
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { isScriptPath } from "../paths.ts";
import type { Refusal } from "../../base/refusal.ts";
import { becauseOf, type ReloadSet } from "../reload/reload_set.ts";
import { bare, type View } from "../lookup/views.ts";

const AT = { line: 0, column: 0, subject: "" } as const;

/** Refuses a release in which the machine's main module is not a module. */
export function mainRefusals(
  manifest: Manifest,
  running: RunningManifest,
): Refusal[] {
  const path = running.main;
  if (Object.hasOwn(manifest.modules, path)) return [];
  const isFile = Object.hasOwn(manifest.files, path);
  const { appFolder } = manifest;
  if (
    appFolder !== undefined &&
    Object.hasOwn(manifest.files, `${appFolder}/${path}`)
  ) {
    const up = appFolder.split("/").map(() => "..").join("/");
    return [{
      ...AT,
      rule: "main",
      path,
      why:
        `the release also holds what lies beside the app's folder (it is ${appFolder}/ there), which this machine does not look at`,
      remedy:
        `write "flyhot": { "root": "${up}" } into the app's deno.json, copy the same folders into the image, and run fly deploy once`,
    }];
  }
  const deeper = manifest.entries.find((it) => it.endsWith(`/${path}`));
  if (!isFile && deeper !== undefined) {
    return [{
      ...AT,
      rule: "main",
      path,
      why: `the release has it as ${deeper}: this machine takes the folder ${
        deeper.slice(0, -path.length - 1)
      } for the app's, since no deno.json above it says "flyhot"`,
      remedy:
        `write "flyhot" into the deno.json of the app's folder (flyhot init does), and run fly deploy once`,
    }];
  }
  return [{
    ...AT,
    rule: "main",
    path,
    why: isFile
      ? "is the main module of a running machine, but no entry of the release"
      : "is the main module of a running machine, and gone from the release",
    remedy: isFile ? `name it under "flyhot".entry in deno.json` : "",
    chain: [path],
  }];
}

/** Refuses what boot modules hold, and what is written to in them. */
export function bootRefusals(set: ReloadSet, main: string): Refusal[] {
  return [
    ...set.held.map(({ path, chain }): Refusal => ({
      ...AT,
      rule: "boot",
      path,
      chain,
      ...(path === main
        ? { why: "is the main module, which runs only once", remedy: "" }
        : chain.length === 2
        ? {
          why: "is imported statically by the main module, before reapply()",
          remedy:
            "move the import behind live(), or use import type if only types are used",
        }
        : {
          why: "is imported statically on the way from the main module",
          remedy: "put a live() boundary in between",
        }),
    })),
    ...set.writes.map(({ path, name, by, line, column }): Refusal => ({
      rule: "touch",
      path: by,
      line,
      column,
      subject: name,
      why:
        `is changed while ${by} is evaluated, and ${path}, which declares it, cannot be reloaded`,
      remedy:
        `put a live() boundary in front of ${path}, or name it in deno.json: "shared": ["${path}#${name}"]`,
    })),
  ];
}

/** Refuses modules that decline to be replaced. */
export function declinedRefusals(
  set: ReloadSet,
  running: RunningManifest,
): Refusal[] {
  const declined = running.declined ?? {};
  return set.reload.flatMap((path) =>
    Object.hasOwn(declined, path)
      ? [{
        ...AT,
        rule: "declined" as const,
        path,
        why: `declines to be replaced: ${declined[path]}`,
        remedy: "",
        chain: becauseOf(path, set.reasons),
      }]
      : []
  );
}

/** Refuses CommonJS of the app: `require` keeps what it has loaded. */
export function commonjsRefusals(
  set: ReloadSet,
  manifest: Manifest,
  running: RunningManifest,
  release: View,
): Refusal[] {
  const named = new Set([
    ...manifest.commonjs ?? [],
    ...running.commonjs ?? [],
  ]);
  const isCode = (path: string) =>
    isScriptPath(path) &&
    (/\.c[jt]s$/.test(path) || release.analysis(path)?.commonjs === true);
  return [...set.reload, ...set.fresh].filter((path) =>
    named.has(path) || isCode(path)
  ).map((path): Refusal => ({
    ...AT,
    rule: "commonjs",
    path,
    why: !running.loaded.includes(path)
      ? "is CommonJS, which Deno only loads from its place, where it is not before the upgrade"
      : isCode(path)
      ? "is CommonJS, which stays as it was first loaded"
      : "was loaded by require(), or as what may be CommonJS, and stays as it was first loaded",
    remedy: !isScriptPath(path)
      ? "import it, or read it as a file"
      : isCode(path)
      ? "turn it into an ES module"
      : 'turn it into an ES module, and say so in package.json: "type": "module"',
    chain: becauseOf(path, set.reasons),
  }));
}

/** Refuses modules that somebody outside the app has imported: a package, or a module made of text. */
export function foreignRefusals(
  set: ReloadSet,
  running: RunningManifest,
): Refusal[] {
  const foreign = running.foreign ?? {};
  return set.reload.flatMap((path) =>
    Object.hasOwn(foreign, path) && foreign[path]!.length > 0
      ? [{
        ...AT,
        rule: "foreign" as const,
        path,
        why: `was imported by ${
          shortUrl(foreign[path]![0]!)
        }, which keeps what it got`,
        remedy:
          "import it in a module of the app, and pass on what is needed of it",
        chain: becauseOf(path, set.reasons),
      }]
      : []
  );
}

/** A URL as somebody may want to read it. */
function shortUrl(url: string): string {
  const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/
    .exec(url)?.[1] ?? /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (name !== undefined) return `the package ${name}`;
  return url.length > 60 ? `${url.slice(0, 60)}...` : url;
}

/** Refuses scripts whose evaluation nobody has looked at. */
export function analysisRefusals(
  set: ReloadSet,
  manifest: Manifest,
  running: RunningManifest,
  release: View,
): Refusal[] {
  const at = { ...AT, rule: "analysis" as const };
  // Why CommonJS is refused, another rule says.
  const evaluated = [...set.reload, ...set.fresh].filter((path) =>
    !/\.c[jt]s$/.test(path)
  );
  if (manifest.analysis === undefined && evaluated.length > 0) {
    return [{
      ...at,
      path: running.main,
      why: "the release was packed by an older command than this one",
      remedy: "pack it again",
    }];
  }
  const told = (path: string, analysis: unknown) =>
    !isScriptPath(path) || analysis !== undefined ||
    !Object.hasOwn(manifest.files, path);
  const loaded = new Set(running.loaded);
  const broken = evaluated.flatMap((path): Refusal[] => {
    const fact = release.analysis(path)?.broken;
    if (!fact) return [];
    const { line, column, message } = fact;
    return [{
      ...at,
      path,
      line,
      column,
      why: `cannot be parsed: ${message}`,
      remedy: "correct it",
    }];
  });
  const untold = evaluated.filter((path) =>
    !told(path, release.analysis(path)) ||
    loaded.has(path) && !told(path, running.analysis?.[path])
  ).map((path): Refusal => ({
    ...at,
    path,
    why: "was not analyzed, so nobody can tell what its evaluation does",
    remedy: "pack the release again",
  }));
  return [...broken, ...untold];
}

/** Refuses a release without the target of a boundary that somebody may still call through. */
export function boundaryRefusals(
  manifest: Manifest,
  running: RunningManifest,
  gone: ReadonlySet<string>,
  now: View,
): Refusal[] {
  const live = new Map<string, string>();
  const add = (from: string, to: string) => {
    // A boundary ends with its owner.
    const stays = Object.hasOwn(manifest.files, from) && !gone.has(from);
    if (stays || from === running.main) live.set(bare(to), from);
  };
  for (const [from, targets] of Object.entries(running.live)) {
    for (const to of targets) add(from, to);
  }
  for (const [from, edges] of Object.entries(running.edges ?? {})) {
    for (const { to, kind } of edges) if (kind === "live") add(from, to);
  }
  return [...live].filter(([to]) =>
    !Object.hasOwn(manifest.files, to) && running.loaded.includes(to)
  ).map(([to, from]): Refusal => ({
    rule: "link",
    path: from,
    ...boundaryIn(from, to, now),
    subject: to,
    why: "is the target of a live boundary here, and gone from the release",
    remedy: "keep the file, if only to export what took its place",
  }));
}

/** Where a module imports the target; where only a run tells that, where it imports `live`. */
function boundaryIn(
  from: string,
  to: string,
  now: View,
): { readonly line: number; readonly column: number } {
  const { imports = [] } = now.analysis(from) ?? {};
  const at =
    imports.find(({ specifier, dynamic }) =>
      dynamic === true && now.resolve(from, specifier) === to
    ) ?? imports.find(({ names }) => names?.includes("live"));
  return { line: at?.line ?? 0, column: 0 };
}

/** Refuses whatever changes something, where the machine cannot say what its modules do. */
export function olderRuntime(path: string): Refusal {
  return {
    rule: "analysis",
    path,
    line: 0,
    column: 0,
    subject: "",
    why: "the image's runtime is older than this command",
    remedy: "",
  };
}
