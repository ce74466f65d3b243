/**
 * The machines that `flyhot` is compiled for.
 *
 * @module
 */

/** The targets of `--all`, as Deno names them. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** Names the binary for a target. */
export function binaryName(target: string, among = false): string {
  const end = target.includes("-windows-") ? ".exe" : "";
  return `flyhot${among ? `-${target}` : ""}${end}`;
}
