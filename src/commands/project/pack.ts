/** `flyhot pack`: what a release of a folder holds, and the release as a file.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { isAbsolute, relative, resolve } from "node:path";
import { configIn, filesChosen } from "../../config/load.ts";
import { requireApp } from "../../config/resolve.ts";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { type PackedRelease, packRelease } from "../../release/pack/pack.ts";
import { formatBytes, formatCount, formatTable } from "../../ui/format.ts";
import { given } from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";

const FILES_SHOWN_MAX = 200;

/** `flyhot pack` */
export const packCommand: Command = defineCommand({
  name: "pack",
  summary: SUMMARIES.pack,
  description: [
    "Packs the folder as flyhot hot --local would, and lists every file with its kind. Sends nothing and needs no account; without --output nothing is kept either. The same files always give the same bytes.",
  ],
  argument: {
    name: "folder",
    description: "The app's folder (default: the working folder)",
  },
  flags: [
    {
      name: "output",
      type: "string",
      short: "o",
      value: "path",
      description: "Where to write the release, a tar.gz",
      default: "written nowhere",
    },
    {
      name: "app",
      type: "string",
      short: "a",
      value: "name",
      description: "The Fly app",
      default: "from the folder's fly.toml",
    },
    {
      name: "include-ignored",
      type: "boolean",
      description:
        "Pack what git ignores as well; .dockerignore holds all the same",
    },
  ],
  examples: [
    { title: "What would go to the machines", command: "flyhot pack" },
    {
      title: "Keep it as a file",
      command: "flyhot pack --output release.tar.gz",
    },
    {
      title: "The digest of another folder's release",
      command: "flyhot pack --json examples/chat | jq -r .sha256",
    },
  ],
  async run({ argument, flags, host, reporter, signal, answer }) {
    const folder = argument ?? ".";
    if ((await host.files.stat(folder))?.kind !== "directory") {
      throw new FlyhotError(
        "usage",
        `Cannot pack ${folder}: there is no such folder`,
        { hint: "name the app's folder: flyhot pack <folder>" },
      );
    }
    const config = await configIn(host, folder, given({ app: flags.app }));
    const files = filesChosen(config);
    const output = flags.output ?? null;
    const release = await packRelease(
      {
        root: resolve(host.cwd(), folder),
        app: requireApp(config),
        ...files,
        exclude: [
          ...files.exclude,
          ...(output === null ? [] : patternsOf(output, folder, host.cwd())),
        ],
        gitIgnored: !flags["include-ignored"],
      },
      host,
      signal,
    );
    try {
      for (const text of release.notes) reporter.emit({ type: "note", text });
      if (output !== null) await write(release.path, output, host);
      answer({
        text: packText(release, output),
        json: packReport(release, output),
      });
    } finally {
      await release.dispose();
    }
    return 0;
  },
});

async function write(from: string, to: string, host: Host): Promise<void> {
  const content = await host.files.open(from);
  try {
    await host.files.write(to, content);
  } catch (cause) {
    await content.cancel().catch(() => {});
    const why = errorText(cause);
    throw new FlyhotError("usage", `Cannot write ${to}: ${why}`, {
      hint: "name a file in a folder that may be written with --output",
      cause,
    });
  }
}

/** A release that is written into the folder must not be a part of the next one. */
function patternsOf(output: string, folder: string, cwd: string): string[] {
  const inside = relative(resolve(cwd, folder), resolve(cwd, output))
    .replaceAll("\\", "/");
  if (inside.split("/")[0] === ".." || isAbsolute(inside)) return [];
  return [inside.replaceAll(/[*?[\]\\!]/g, "\\$&")];
}

function packReport(
  { manifest, sha256, size, notes }: PackedRelease,
  output: string | null,
) {
  const { app, version, source_image_ref, entries, files } = manifest;
  return {
    app,
    version,
    source_image_ref,
    entries,
    output,
    sha256,
    size,
    modules: Object.keys(manifest.modules),
    files: Object.entries(files).map(([path, file]) => ({ path, ...file })),
    notes,
  };
}

function packText(
  { manifest, sha256, size }: PackedRelease,
  output: string | null,
): string {
  const files = Object.entries(manifest.files);
  const modules = Object.keys(manifest.modules).length;
  const rows = files.slice(0, FILES_SHOWN_MAX).map(([path, file]) => [
    path,
    file.kind,
    formatBytes(file.size),
  ]);
  const more = files.length - rows.length;
  return [
    `${manifest.app} ${manifest.version}: ${
      formatCount(files.length, "file")
    }, ${formatCount(modules, "module")}, ${formatBytes(size)} packed`,
    [
      ...formatTable(rows).map((row) => `  ${row}`),
      ...(more > 0
        ? [`  and ${formatCount(more, "more file")}; see --json`]
        : []),
    ].join("\n"),
    `SHA-256 ${sha256}${output === null ? "" : `\nWritten to ${output}`}`,
  ].join("\n\n");
}
