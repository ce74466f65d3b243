/** What the list of commands says of each, so that it can be shown without loading them.
 * @module
 */

/** One line on each command, in the order of the overview. */
export const SUMMARIES = {
  init: "Make an app hot: the few lines it needs",
  hot: "Upgrade the running machines without restarting them",
  plan: "Tell whether the working tree can go hot, and why not",
  rehearse: "Compare an upgrade with a fresh start, before it happens",
  pack: "Pack a folder into a release, and show what is in it",
  status: "Show what every machine of the app runs",
  logs: "Show what the machines of the app logged",
  rollback: "Bring all machines back to an earlier release",
  releases: "List the hot upgrades of every base image, newest first",
  lock: "Show the deploy lock, or release one that was left behind",
  doctor: "Check everything that an upgrade needs, and say what to do",
  keygen: "Make a pair of keys to sign releases with",
  sandbox: "Run the app on a small Fly on this computer, to try upgrades",
  completions: "Write the script that lets a shell complete command lines",
  orchestrate: "Roll out the app in this image (run by flyhot hot)",
} as const satisfies Readonly<Record<string, string>>;

/** What only flyhot itself runs: the overview leaves it out. */
export const HIDDEN: ReadonlySet<string> = new Set(["orchestrate"]);
