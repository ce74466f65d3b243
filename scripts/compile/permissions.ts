/**
 * What the compiled `flyhot` may do: the least with which every command works,
 * and why each. `tests/cli/bundle_test.ts` runs the commands with these, and
 * shows that none can be left out.
 *
 * Not granted: `--allow-ffi`, `--allow-sys` and `--allow-import`; nothing is
 * loaded while it runs. `flyhot sandbox` needs more, and does not run in a
 * compiled binary.
 *
 * @module
 */

/** A permission of the compiled binary. */
interface Permission {
  /** The flag of `deno compile` and `deno run`. */
  readonly flag: `--allow-${string}`;
  /** What it is for, and why it is not narrower. */
  readonly why: string;
}

/** The permissions of the compiled binary. */
const PERMISSIONS: readonly Permission[] = [
  {
    flag: "--allow-net",
    why:
      "The bucket and the Machines API. Which hosts they are, deno.json, fly.toml and the environment say.",
  },
  {
    flag: "--allow-read",
    why:
      "The app's folder, which an argument may name, and the release packed from it.",
  },
  {
    flag: "--allow-write",
    why:
      "The release, packed into a temporary folder, and the file that flyhot pack --output names.",
  },
  {
    flag: "--allow-env",
    why:
      'FLY_*, AWS_*, NO_COLOR and the like; and the credentials, which any variables may hold that "flyhot.credentials" in deno.json names.',
  },
  {
    flag: "--allow-run",
    why:
      "fly or flyctl, git and deno. No list of them: with a list Deno starts no program at all where LD_LIBRARY_PATH is set, as in many CI jobs; and it would protect nothing, since deno and git run whatever they are told.",
  },
];

/**
 * The flags that give the compiled binary its permissions, for `deno compile`
 * and `deno run`. What is not granted is an error, not a question.
 */
export const PERMISSION_FLAGS: readonly string[] = [
  "--no-prompt",
  ...PERMISSIONS.map(({ flag }) => flag),
];
