/** What replaced modules have set outside of all modules: it would stay, or be set on top of itself.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type { GlobalWrite } from "../../protocol/manifest/module_analysis.ts";
import type { View } from "../lookup/views.ts";
import type { Consents } from "./consent.ts";

/** What {@linkcode globalRefusals} is told. */
export interface GlobalInput {
  /** The modules that are reloaded or gone. */
  readonly replaced: readonly string[];
  /** The modules that are evaluated, reloaded or for the first time. */
  readonly evaluated: readonly string[];
  /** The modules that run. */
  readonly loaded: Iterable<string>;
  /** The modules as they run. */
  readonly running: View;
  /** The modules of the release. */
  readonly release: View;
  /** What is consented to. */
  readonly consents: Consents;
  /** Whether it leads back to code that ran before: then what stays is not in the way. */
  readonly isWayBack: boolean;
}

/**
 * Refuses to replace modules whose globals would stay though the new code does not set them, or would be set on top of
 * what the old code has set, or set back although functions have changed them.
 */
export function globalRefusals(input: GlobalInput): Refusal[] {
  const { replaced, evaluated, running, release, consents, isWayBack } = input;
  const next = new Map<string, GlobalWrite[]>();
  for (const path of evaluated) {
    for (const write of release.analysis(path)?.globals ?? []) {
      if (isOfTheApp(path, write, release)) continue;
      next.set(write.name, [...next.get(write.name) ?? [], write]);
    }
  }
  const changed = new Map<string, string>();
  for (const path of input.loaded) {
    for (const name of running.analysis(path)?.globalChanges ?? []) {
      changed.set(name, path);
    }
  }
  const refusals: Refusal[] = [];
  for (const path of replaced) {
    for (const write of running.analysis(path)?.globals ?? []) {
      if (isOfTheApp(path, write, running)) continue;
      const { name, line, column } = write;
      const again = next.get(name) ?? [];
      const isLeft = again.length === 0;
      const by = isWayBack || isLeft ? undefined : changed.get(name);
      if (isLeft ? isWayBack : !by && !again.some((it) => it.again)) continue;
      const consent = `global:${path}#${name}`;
      if (consents.take(consent)) continue;
      refusals.push({
        rule: "global",
        path,
        line,
        column,
        subject: name,
        ...(by !== undefined
          ? ofState(name, by)
          : name.endsWith(")")
          ? ofCall(isLeft)
          : ofValue(isLeft)),
        consent,
      });
    }
  }
  return refusals;
}

function ofValue(isLeft: boolean): Pick<Refusal, "why" | "remedy"> {
  return isLeft
    ? {
      why: "was set by it and would stay, because the new code does not set it",
      remedy:
        "let the new code set it to what it has to be, or go on setting it",
    }
    : {
      why:
        "is set by the new code to something made of what the old code has set",
      remedy: "set it in a module of its own that does not change",
    };
}

function ofState(name: string, by: string): Pick<Refusal, "why" | "remedy"> {
  return {
    why: `holds state (functions of ${by} change it), which would be lost`,
    remedy:
      `set it only where it is not there (globalThis.${name} ??= …), or in a module of its own that does not change`,
  };
}

/** `dayjs.extend(utc)`: what it does to the package cannot be undone. */
function ofCall(isLeft: boolean): Pick<Refusal, "why" | "remedy"> {
  return isLeft
    ? {
      why:
        "was called by it, and what that has done to the package would stay, because the new code does not call it so",
      remedy: "go on calling it",
    }
    : {
      why:
        "is called by the new code as well, on top of what the old code has done to the package",
      remedy: "call it in a module of its own that does not change",
    };
}

/** Whether it is set on what one of the app's own modules exports, by an alias: that goes with its module. */
function isOfTheApp(
  path: string,
  { specifier }: GlobalWrite,
  view: View,
): boolean {
  return specifier !== undefined && view.resolve(path, specifier) !== null;
}
