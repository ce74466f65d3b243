/** The runtime in front of what the process groups of a `fly.toml` start.
 * @module
 */
import {
  imageStart,
  listOf,
  processImage,
} from "../../config/files/image_start.ts";
import { processesOf } from "../../config/files/processes.ts";
import {
  PRELOAD,
  shellLine,
  type StartCommand,
} from "../../config/files/start_command.ts";
import type { FileEdit, InitSources } from "../plan_types.ts";
import { hotStart } from "./start_edit.ts";
import { withEdits } from "./text_edits.ts";

/** The process groups of a `fly.toml` with the runtime in each. */
interface HotProcesses {
  /** The file itself, and scripts that it names. */
  readonly edits: readonly FileEdit[];
  /** In which ways modules are started. */
  readonly kinds: readonly StartCommand["kind"][];
  /** What only a person can decide. */
  readonly steps: readonly string[];
  /** What is worth knowing. */
  readonly notes: readonly string[];
}

/** Puts the runtime in front of what each process group starts. */
export function hotProcesses(sources: InitSources): HotProcesses {
  const { flyToml, entries } = sources;
  const kinds: StartCommand["kind"][] = [];
  const steps: string[] = [];
  const notes: string[] = [];
  const scripts = new Map<string, FileEdit>();
  let after = flyToml ?? "";
  for (const [group, said] of processesOf(flyToml)) {
    const found = hotProcess(said, sources, {
      at: `fly.toml [processes] ${group}`,
      entry: entries[0] ?? "main.ts",
    });
    if (found === null) {
      steps.push(
        `Start the process group ${group} of fly.toml with the preload: "${said}" is not one plain deno run or deno serve. It needs --preload ${PRELOAD} in front of its main module.`,
      );
      continue;
    }
    if ("unsure" in found) {
      steps.push(
        `Change the process group ${group} in fly.toml: ${found.unsure}.`,
      );
      continue;
    }
    kinds.push(...found.kinds);
    steps.push(...found.steps);
    notes.push(...found.notes);
    for (const it of found.scripts) scripts.set(it.path, it);
    const { line } = found;
    if (line === said) continue;
    const quoted = [`"${said}"`, `'${said}'`].find((it) =>
      after.split(it).length === 2
    );
    if (!quoted) {
      steps.push(`Write into [processes] of fly.toml: ${group} = "${line}"`);
      continue;
    }
    after = after.replace(quoted, () => quoted[0]! + line + quoted[0]!);
  }
  return {
    edits: [
      ...scripts.values(),
      ...flyToml === null || after === flyToml
        ? []
        : [{ path: "fly.toml", before: flyToml, after }],
    ],
    kinds,
    steps,
    notes,
  };
}

/** One process group: Fly gives its command to the image's ENTRYPOINT in the place of CMD, without a shell. */
function hotProcess(
  said: string,
  { dockerfile, starts }: InitSources,
  { at, entry }: { readonly at: string; readonly entry: string },
) {
  const image = processImage(dockerfile ?? "", said);
  const start = image && imageStart(image.text, starts.task);
  if (!image || !start) return null;
  const hot = hotStart(start, { ...starts, entry }, at);
  if (hot.unsure !== undefined) return { unsure: hot.unsure };
  const { edits = [], scripts = [], kinds = [], steps = [], notes = [] } = hot;
  if (kinds.length === 0 || edits.some((it) => it.start < image.from)) {
    return null;
  }
  const after = withEdits(image.text, edits).slice(image.from);
  const words = listOf(after.slice("CMD ".length));
  return {
    line: edits.length === 0 || !words ? said : shellLine(words),
    scripts,
    kinds,
    steps,
    notes,
  };
}
