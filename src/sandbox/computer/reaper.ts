/** Ends a sandbox's processes and removes its folders even if the sandbox itself is killed.
 * @module
 */
import type { ProcessRegister } from "./processes.ts";

// Reads "+<pid>" and "-<pid>"; "." means that the sandbox cleaned up itself. Otherwise the pipe broke: it was killed.
const SCRIPT = `
groups=" "
while read -r line; do
  case "$line" in
    .) exit 0 ;;
    +*) groups="$groups\${line#+} " ;;
    -*)
      kept=" "
      for group in $groups; do
        [ "$group" = "\${line#-}" ] || kept="$kept$group "
      done
      groups=$kept
      ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
[ $# -eq 0 ] || rm -rf -- "$@"
`;

/** A small shell process that outlives the sandbox by a moment. */
export class Reaper implements ProcessRegister {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  readonly #encoder = new TextEncoder();
  #written: Promise<void> = Promise.resolve();

  constructor(folders: readonly string[]) {
    this.#child = new Deno.Command("/bin/sh", {
      args: ["-c", SCRIPT, "flyhot-sandbox-reaper", ...folders],
      cwd: "/",
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin" },
      detached: true,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
  }

  /** A process group began. */
  add(pid: number): void {
    this.#tell(`+${pid}`);
  }

  /** A process group ended. */
  remove(pid: number): void {
    this.#tell(`-${pid}`);
  }

  /** Lets it go: the sandbox has cleaned up itself. */
  async release(): Promise<void> {
    this.#tell(".");
    await this.#written;
    await this.#writer.close().catch(() => {});
    await this.#child.status;
  }

  #tell(line: string): void {
    const bytes = this.#encoder.encode(`${line}\n`);
    this.#written = this.#written
      .then(() => this.#writer.write(bytes))
      // Somebody killed the reaper; the sandbox still cleans up when it is stopped.
      .catch(() => {});
  }
}
