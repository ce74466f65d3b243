/** Kept state that holds instances of a package's classes: the new version of the package would not know them.
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { Slices } from "../../base/in_slices.ts";
import { type Refusal, refusalText } from "../../base/refusal.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { nameOf, versionOf } from "../../plan/dependencies/lock_file.ts";
import { packageOfUrl } from "../../plan/dependencies/package_urls.ts";
import type { AppProcess } from "../../process/process.ts";
import type { KeptPlace } from "../../state/walk/kept_place.ts";
import { KeptWalk } from "../../state/walk/kept_walk.ts";
import type { RunningContext } from "./running_manifest.ts";
import type { UpgradePlan } from "./plan_upgrade.ts";

interface Known {
  readonly from: string;
  readonly to: string;
  readonly className: string;
  readonly importer: string;
}

/**
 * Refuses an upgrade that replaces a package of which kept state holds instances. Throws naming the place of the first
 * instance.
 */
export async function refuseKeptInstances(
  plan: UpgradePlan,
  { appProcess, main }: Pick<RunningContext, "appProcess" | "main">,
): Promise<void> {
  const prototypes = await prototypesOf(plan, appProcess, main);
  if (prototypes.size === 0) return;
  const slices = new Slices();
  const walk = new KeptWalk({
    wantsInstance: (prototype) => knownFor(prototype, prototypes) !== null,
    instance: (instance, place) => {
      const known = knownFor(Object.getPrototypeOf(instance), prototypes)!;
      throw refused(place(), known, plan, appProcess);
    },
  });
  const names = new Set(plan.taken.map(({ at }) => at));
  for (const root of roots(appProcess, names)) {
    walk.add(root);
    while (!walk.run(performance.now() + 4)) await slices.next();
    if (slices.over) await slices.next();
  }
}

/** The prototypes of all that the old versions export, as far as their importers got it. */
async function prototypesOf(
  { packages }: UpgradePlan,
  { modules }: AppProcess,
  main: string,
): Promise<Map<object, Known>> {
  const found = new Map<object, Known>();
  if (packages.length === 0) return found;
  const { imports } = await modules.currentInSlices(main);
  for (const { from, to, importers } of packages) {
    if (from === null) continue;
    for (const importer of importers) {
      for (const { to: url, inside } of imports.get(importer) ?? []) {
        if (inside || packageOfUrl(url) !== from || /\.json$/.test(url)) {
          continue;
        }
        for (const [className, prototype] of await exportedBy(url)) {
          if (!found.has(prototype)) {
            found.set(prototype, { from, to, className, importer });
          }
        }
      }
    }
  }
  return found;
}

async function exportedBy(url: string): Promise<[string, object][]> {
  let module: object;
  try {
    // It is loaded already: this only looks it up.
    module = await import(url);
  } catch {
    return [];
  }
  const found: [string, object][] = [];
  const take = (name: string, value: unknown) => {
    if (typeof value !== "function") return;
    const { prototype } = value as { prototype?: unknown };
    if (typeof prototype === "object" && prototype !== null) {
      found.push([value.name === "" ? name : value.name, prototype]);
    }
  };
  for (const [name, value] of Object.entries(module)) {
    take(name, value);
    // CommonJS exports all of it as one object.
    if (name !== "default" || value === null || typeof value !== "object") {
      continue;
    }
    for (
      const [key, { value: inner }] of Object.entries(
        Object.getOwnPropertyDescriptors(value),
      )
    ) take(key, inner);
  }
  return found;
}

function knownFor(
  prototype: object | null,
  prototypes: ReadonlyMap<object, Known>,
): Known | null {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const known = prototypes.get(at);
    if (known) return known;
  }
  return null;
}

function* roots(
  { holders, families, kept }: AppProcess,
  names: ReadonlySet<string>,
) {
  for (const [name, cell] of holders) yield { name, value: cell.state };
  for (const [name, family] of families) {
    for (const [key, cell] of family.members) {
      yield { name: `${name}[${JSON.stringify(key)}]`, value: cell.state };
    }
  }
  for (const { key, value } of kept.named(names)) yield { name: key, value };
}

function refused(
  { path: subject, root }: KeptPlace,
  { from, to, className, importer }: Known,
  { lines }: UpgradePlan,
  { holders, families }: AppProcess,
): UpgradeError {
  const [name] = root.name.split("[");
  const declared = (holders.get(root.name) ?? families.get(name!))?.definition;
  const hash = root.name.indexOf("#");
  const variable = declared || hash === -1
    ? null
    : { path: root.name.slice(0, hash), name: root.name.slice(hash + 1) };
  const refusal: Refusal = {
    rule: "package",
    path: declared?.module ?? variable?.path ?? importer,
    line: declared?.line ??
      (variable
        ? lines.declares(variable.path, variable.name)
        : lines.imports(importer, (to) => packageOfUrl(to) === from)),
    column: 0,
    subject: variable ? subject.slice(hash + 1) : subject,
    why: `holds a ${className} of ${nameOf(from)} ${
      versionOf(from)
    }, and that of ${versionOf(to)} is another class`,
    remedy: `keep the version of ${nameOf(from)}, or keep plain data in state`,
  };
  return new UpgradeError(
    "plan",
    `This release needs a cold deploy: ${refusalText(refusal)}`,
    { refusals: [refusal] },
  );
}
