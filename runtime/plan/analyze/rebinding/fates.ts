/** What becomes of the result of a call: gone when its caller has ended, passed to somebody who may keep it, or held by the module. In doubt it is held.
 * @module
 */
import type { ImportUse } from "../../../protocol/manifest/rebind_facts.ts";
import type { Code } from "../effects.ts";
import { keyName, many, type Node, unwrap } from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import type { Units } from "../code/units.ts";
import { Flow } from "./flow.ts";

/** What becomes of a value, by what is known of it: the later ones are worse. */
const NAMES: readonly ImportUse["fate"][] = [undefined, "passed", "held"];

/** Follows results through one module. */
export class Fates {
  readonly #code: Code;
  readonly #units: Units;
  readonly #members = new Map<string, Node[]>();

  /**
   * @param code the module
   * @param units its code
   */
  constructor(code: Code, units: Units) {
    this.#code = code;
    this.#units = units;
    eachWithin(code.resolved.program, ({ self, type }) => {
      if (type !== "MemberExpression") return;
      const name = keyName(self, "property") ?? "";
      const known = this.#members.get(name);
      if (known) known.push(self);
      else this.#members.set(name, [self]);
    });
  }

  /** What becomes of the value of an expression. */
  of(value: Node): ImportUse["fate"] {
    if (this.#handsState(value)) return "held";
    return NAMES[this.#flow().of(value)];
  }

  /** The members of an instance that are taken without being called, wherever it goes in the module. */
  takenOf(made: Node): string[] {
    const flow = this.#flow();
    flow.of(made, true);
    return [...flow.taken].sort();
  }

  /** The names of all members whose values are held, whatever they are members of; empty text for any. */
  heldMembers(): string[] {
    const found = new Set<string>();
    const { resolved, roots } = this.#code;
    for (const [name, members] of this.#members) {
      const isHeld = members.some((member) => {
        if (resolved.targets.has(member)) return false;
        const up = roots.above(member);
        return this.of(up?.key === "callee" ? up.node : member) === "held";
      });
      if (isHeld) found.add(name);
    }
    return [...found].sort();
  }

  #flow(): Flow {
    return new Flow(this.#code, this.#units, this.#members);
  }

  /** Whether a call is given what the module keeps: then it may put there what it makes. */
  #handsState(call: Node): boolean {
    const { roots, values } = this.#code;
    return many(call, "arguments").some((it) =>
      unwrap(it).type === "ThisExpression" ||
      roots.of(it).some(({ binding, specifier }) =>
        specifier === null && binding?.top === true &&
        !STATELESS.has(values.ofBinding(binding).kind)
      )
    );
  }
}

const STATELESS = new Set(["primitive", "frozen", "function", "class"]);
