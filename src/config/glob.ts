/** Patterns of `.dockerignore`, matched in time that grows with pattern times path and never faster.
 * @module
 */

/** One step of a pattern. */
type Step =
  /** One character, exactly. */
  | { readonly kind: "literal"; readonly character: string }
  /** `?`: one character of a name. */
  | { readonly kind: "one" }
  /** `[…]`: one character of a set. */
  | { readonly kind: "set"; readonly set: RegExp }
  /** `*`: any characters of a name. */
  | { readonly kind: "name" }
  /** `**`: any characters. */
  | { readonly kind: "deep" }
  /** `**` and a slash: any folders, or none. */
  | { readonly kind: "folders" };

/** Makes the test whether a path, or a folder that it lies in, matches a pattern. */
export function globTest(pattern: string): (path: string) => boolean {
  const steps = stepsOf(pattern);
  const wild = steps.findIndex(({ kind }) => kind !== "literal");
  const prefix = steps.slice(0, wild === -1 ? undefined : wild)
    .map((step) => step.kind === "literal" ? step.character : "").join("");
  if (wild === -1) {
    return (path) =>
      path.startsWith(prefix) &&
      (path.length === prefix.length || path[prefix.length] === "/");
  }
  const rest = steps.slice(wild);
  return (path) =>
    path.startsWith(prefix) && walk(rest, path.slice(prefix.length));
}

/** Goes through the path once, with all the steps that it may have come to. */
function walk(steps: readonly Step[], path: string): boolean {
  const end = steps.length;
  let now = new Set<number>();
  reach(steps, 0, now);
  for (const character of path) {
    // What lies in a folder that matches goes with it.
    if (character === "/" && now.has(end)) return true;
    const next = new Set<number>();
    for (const at of now) {
      const step = steps[at];
      if (step) advance(steps, at, step, character, next);
    }
    if (next.size === 0) return false;
    now = next;
  }
  return now.has(end);
}

function advance(
  steps: readonly Step[],
  at: number,
  step: Step,
  character: string,
  next: Set<number>,
): void {
  switch (step.kind) {
    case "literal":
      if (step.character === character) reach(steps, at + 1, next);
      return;
    case "one":
      if (character !== "/") reach(steps, at + 1, next);
      return;
    case "set":
      if (step.set.test(character)) reach(steps, at + 1, next);
      return;
    case "name":
      if (character !== "/") reach(steps, at, next);
      return;
    case "deep":
      reach(steps, at, next);
      return;
    case "folders":
      // Within a folder's name; the step after it comes with a slash only.
      next.add(at);
      if (character === "/") reach(steps, at + 1, next);
  }
}

/** Comes to a step, and to those after it that need no character. */
function reach(steps: readonly Step[], from: number, into: Set<number>): void {
  for (let at = from; !into.has(at) || at === from; at++) {
    into.add(at);
    const kind = steps[at]?.kind;
    if (kind !== "name" && kind !== "deep" && kind !== "folders") return;
  }
}

function stepsOf(pattern: string): Step[] {
  const characters = [...pattern];
  const steps: Step[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*" && characters[at + 1] === "*") {
      at++;
      const whole = characters[at + 1] === "/";
      if (whole) at++;
      steps.push({ kind: whole ? "folders" : "deep" });
    } else if (character === "*") {
      steps.push({ kind: "name" });
    } else if (character === "?") {
      steps.push({ kind: "one" });
    } else if (character === "[") {
      const end = characters.indexOf("]", at + 2);
      if (end === -1) throw new SyntaxError("an open bracket");
      const set = characters.slice(at + 1, end).join("");
      const source = set.replaceAll(/[\[&~|(){}]/g, "\\$&");
      steps.push({ kind: "set", set: new RegExp(`^[${source}]$`, "u") });
      at = end;
    } else if (character === "\\") {
      const literal = characters[++at];
      if (literal === undefined) throw new SyntaxError("a lone backslash");
      steps.push({ kind: "literal", character: literal });
    } else {
      steps.push({ kind: "literal", character });
    }
  }
  return steps;
}
