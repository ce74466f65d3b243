/** What puts the runtime in front of an app that stays as it is: lines of its Dockerfile, or commands of its fly.toml.
 * @module
 */
import { isRecord } from "../base/values.ts";
import { DENO_VERSION } from "../version.ts";
import {
  PRELOAD,
  readCommand,
  SERVE,
  shellWords,
} from "../config/files/start_command.ts";
import { taskIn } from "../config/files/processes.ts";
import { hotProcesses } from "./edit/processes_edit.ts";
import { imageStart } from "../config/files/image_start.ts";
import { hotDockerfile, newDockerfile } from "./edit/dockerfile_edit.ts";
import { taskCommand } from "./edit/task_command.ts";
import { rootOf } from "./deno_json_part.ts";
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
  const { task } = sources.starts;
  const toml = hotProcesses(sources);
  if (toml.edits.length > 0) {
    changes.push({
      title: "the runtime in front of the main modules",
      edits: toml.edits,
    });
  }
  steps.push(...toml.steps);
  notes.push(...toml.notes);
  const { dockerfile, dockerfilePath } = sources;
  if (dockerfile === null) {
    const entry = sources.entries[0] ?? "main.ts";
    if (sources.entries.length < 2) {
      const serves = servesDefault(entry, sources);
      const folder = "unread" in sources.release
        ? undefined
        : sources.release.appFolder;
      if (folder !== undefined) {
        steps.push(
          `Build the image where all is that the app imports: cd ${
            rootOf(sources)
          } && fly deploy --config ${folder}/fly.toml --dockerfile ${folder}/${dockerfilePath}`,
        );
      }
      const said = taskCommand(
        entry,
        taskIn(sources.denoJson?.value, sources.packageJson),
      );
      const isSo = said !== null && said.words.includes(SERVE) === serves;
      if (isSo && said.envFile !== null) {
        steps.push(
          `Give the app what the task ${said.name} reads from ${said.envFile}, which is in no image: fly secrets import < ${said.envFile}`,
        );
      }
      changes.push({
        title: "an image that starts the runtime first",
        edits: [{
          path: dockerfilePath,
          before: null,
          after: newDockerfile(
            entry,
            serves,
            DENO_VERSION,
            { said: isSo ? said.words : null, folder },
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
      path: dockerfilePath,
      task,
      script: sources.starts.script,
      processes: toml.kinds,
      entry: sources.entries[0],
    });
    steps.push(...hot.steps);
    notes.push(...hot.notes);
    const edits = [
      ...hot.scripts,
      ...hot.text === dockerfile
        ? []
        : [{ path: dockerfilePath, before: dockerfile, after: hot.text }],
    ];
    if (edits.length > 0) {
      changes.push({ title: "the runtime in front of the main module", edits });
    }
  }
  const frozen = frozenStep(sources, task);
  if (frozen) steps.push(frozen);
  return { changes, steps, notes };
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
