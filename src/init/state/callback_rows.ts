/** What happens to state in functions that only callbacks run.
 * @module
 */
import { connectionState, runsWhen } from "./callback_state.ts";
import {
  judged,
  namesOf,
  ownSpecifiers,
  type StateRow,
  type StateSources,
} from "./judge_state.ts";

/** State in functions that callbacks run once the module has been evaluated. */
export function* laterIn(
  path: string,
  { manifest, tree, preload }: StateSources,
): Generator<StateRow> {
  const facts = manifest.analysis?.[path]?.kept ?? [];
  // Who writes what to keep has said what is made once.
  const made = facts.filter(({ state, local, early, name }) =>
    state && local && !early && !name.includes("new ")
  );
  const parsed = made.length > 0 ? tree(path) : null;
  if (!parsed) return;
  const named = namesOf(manifest);
  for (const { name, state, line } of made) {
    const when = runsWhen(name.split(".")[0]!, parsed);
    if (when === "often") continue;
    const { detail, why } = state!;
    const isHandle = why === "handle";
    const row = judged({ path, name, detail, isHandle }, {
      parsed,
      facts,
      preload,
      named,
      isOwn: ownSpecifiers(path, manifest),
    });
    yield {
      ...row,
      ...when === "timer" && row.list === "keep" && !row.named
        ? {
          fate: "starts new",
          list: "startsAnew",
          why: `${row.why}; made by a timer, when the new code has been loaded`,
        }
        : {},
      line,
    };
  }
}

const WITH_SOCKETS: Readonly<Record<string, string>> = {
  keep: "stays with its open socket, and with the old code",
  replay: "starts new for each open socket, which is greeted again",
  reconnect: "starts new, with the socket that its client opens then",
};

/** What connections have for themselves, in the modules that import what opens sockets. */
export function* connectionsIn(
  path: string,
  { manifest, tree }: StateSources,
): Generator<StateRow> {
  const imports = manifest.modules[path]?.external ?? [];
  const mayConnect = imports.some((it) => /\b(?:ws|socket\.io)\b/.test(it));
  const parsed = mayConnect ? tree(path) : null;
  if (!parsed) return;
  const why = WITH_SOCKETS[manifest.settings?.sockets ?? ""] ??
    `starts new with "sockets": "replay" or "reconnect", stays with "keep"`;
  for (const { name, node } of connectionState(parsed)) {
    yield {
      path,
      line: node.loc?.start.line ?? 0,
      name,
      fate: "per connection",
      why,
      list: null,
      named: false,
    };
  }
}
