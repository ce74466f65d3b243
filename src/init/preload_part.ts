/** What puts the runtime in front of an app that stays as it is: lines of its Dockerfile, or commands of its fly.toml.
 * @module
 */
import { isRecord } from "../base/values.ts";
import { DENO_VERSION } from "../version.ts";
import {
  hotCommand,
  PRELOAD,
  readCommand,
  SERVE,
  shellLine,
  shellWords,
  type StartCommand,
} from "../config/files/start_command.ts";
import { processesOf, taskIn } from "../config/files/processes.ts";
import { imageStart } from "../config/files/image_start.ts";
import { hotDockerfile, newDockerfile } from "./edit/dockerfile_edit.ts";
import type { Framework } from "./framework.ts";
import type { InitChange, InitPart, InitSources } from "./plan_types.ts";

/** What an app is that does not exist yet. */
export const FIRST_MAIN =
  `// Nothing in here knows of upgrades: the runtime starts before it does.
let visits = 0;

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8080) }, () => {
  visits++;
  return new Response(\`Hello, visitor \${visits}\\n\`);
});
`;

/** Plans how the runtime gets in front of the main module. */
export function preloadPart(
  sources: InitSources,
  framework: Framework,
): InitPart {
  const changes: InitChange[] = [];
  const steps: string[] = [];
  const notes: string[] = [];
  if (sources.entries.length === 0) {
    changes.push({
      title: "a first app",
      edits: [{ path: "main.ts", before: null, after: FIRST_MAIN }],
    });
  }
  for (const entry of sources.entries) {
    if (sources.paths.has(entry)) continue;
    steps.push(
      `Correct the name of the main module: ${entry} is named, but not there.`,
    );
  }
  if (framework === "fresh") {
    steps.push(
      `Fresh builds the app into _fresh, and what is served is that build: start the machines with ${SERVE} _fresh/server.js, and take _fresh into the release: "flyhot": { "include": ["_fresh"] } in deno.json.`,
    );
  }
  const task = taskIn(sources.denoJson?.value, sources.packageJson);
  const toml = flyTomlEdit(sources, task);
  if (toml.change) changes.push(toml.change);
  steps.push(...toml.steps);
  const { dockerfile } = sources;
  if (dockerfile === null) {
    const entry = sources.entries[0] ?? "main.ts";
    if (sources.entries.length < 2) {
      changes.push({
        title: "an image that starts the runtime first",
        edits: [{
          path: "Dockerfile",
          before: null,
          after: newDockerfile(
            entry,
            servesDefault(entry, sources),
            DENO_VERSION,
          ),
        }],
      });
    } else {
      steps.push(
        `Write a Dockerfile that starts the app with --preload ${PRELOAD}.`,
      );
    }
  } else {
    const hot = hotDockerfile(dockerfile, {
      task,
      processes: toml.commands,
      entry: sources.entries[0],
    });
    steps.push(...hot.steps);
    notes.push(...hot.notes);
    if (hot.text !== dockerfile) {
      changes.push({
        title: "the runtime in front of the main module",
        edits: [{ path: "Dockerfile", before: dockerfile, after: hot.text }],
      });
    }
  }
  const frozen = frozenStep(sources, task);
  if (frozen) steps.push(frozen);
  return { changes, steps, notes };
}

/** The commands of `[processes]`, and the file with the runtime in each. */
function flyTomlEdit(
  { flyToml }: InitSources,
  task: (name: string) => string,
) {
  const commands: StartCommand[] = [];
  const steps: string[] = [];
  let after = flyToml ?? "";
  for (const [group, said] of processesOf(flyToml)) {
    const words = shellWords(said) ?? [];
    const at = words.indexOf("task");
    const real = at === -1
      ? words
      : shellWords(task(words[at + 1] ?? "")) ?? [];
    const command = readCommand(real);
    const hot = command && hotCommand(real, command);
    if (!command || !hot) {
      steps.push(
        `Start the process group ${group} of fly.toml with the preload: "${said}" is not one plain deno run or deno serve. It needs --preload ${PRELOAD} in front of its main module.`,
      );
      continue;
    }
    if ("unsure" in hot) {
      steps.push(
        `Change the process group ${group} in fly.toml: ${hot.unsure}.`,
      );
      continue;
    }
    commands.push(command);
    const line = shellLine(hot.words);
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
  const change: InitChange | null = flyToml !== null && after !== flyToml
    ? {
      title: "the runtime in front of the main modules",
      edits: [{ path: "fly.toml", before: flyToml, after }],
    }
    : null;
  return { change, commands, steps };
}

/** Whether a main module without a Dockerfile is served: a task does so, or it has nothing but a default export. */
function servesDefault(entry: string, sources: InitSources): boolean {
  const { denoJson, packageJson } = sources;
  const task = taskIn(denoJson?.value, packageJson);
  const names = [denoJson?.value.tasks, packageJson?.scripts].flatMap((it) =>
    Object.keys(isRecord(it) ? it : {})
  );
  const commands = names.map((name) => {
    const words = shellWords(task(name)) ?? [];
    const command = readCommand(words);
    return command && words[command.script]!.replace(/^\.\//, "") === entry
      ? command.kind
      : null;
  });
  return commands.includes("serve") && !commands.includes("run");
}

/** A frozen lock file has to know the preload. */
function frozenStep(
  { denoJson, lockText, dockerfile }: InitSources,
  task: (name: string) => string,
): string | null {
  const lock = denoJson?.value.lock;
  const words = dockerfile === null
    ? []
    : imageStart(dockerfile, task)?.words ?? [];
  const isFrozen = isRecord(lock) && lock.frozen === true ||
    words.some((word) => word === "--frozen" || word === "--frozen=true");
  if (!isFrozen || lockText.includes("@flyhot/runtime@")) return null;
  return `Write the runtime into the frozen lock file: deno cache --frozen=false ${PRELOAD}`;
}
