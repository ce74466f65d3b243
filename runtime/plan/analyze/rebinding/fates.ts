/** What becomes of the result of a call: gone when its caller has ended, passed to somebody who may keep it, or held by the module. In doubt it is held.
 * @module
 */
import type {
  ParameterFacts,
  Passing,
} from "../../../protocol/manifest/passing_facts.ts";
import type { Code } from "../effects.ts";
import { many, type Node, unwrap } from "../code/nodes.ts";
import type { Units } from "../code/units.ts";
import { Flow } from "./flow.ts";
import { GONE, HELD, PASSED } from "./flow_ends.ts";
import { readsAll } from "./flow_places.ts";
import { metAs } from "./met.ts";
import { membersIn, Owners } from "./owners.ts";

/** Follows results through one module. */
export class Fates {
  readonly #code: Code;
  readonly #units: Units;
  readonly #members: ReadonlyMap<string, readonly Node[]>;
  #owners: Owners | null = null;

  /**
   * @param code the module
   * @param units its code
   */
  constructor(code: Code, units: Units) {
    this.#code = code;
    this.#units = units;
    this.#members = membersIn(code.resolved.program);
  }

  /** What becomes of the value of an expression. */
  of(value: Node): Passing {
    if (this.#handsState(value)) return { fate: "held" };
    const flow = this.#flow();
    return passing(flow.of(value), flow);
  }

  /** Whether nobody has the value of an expression that is held but instances of the classes that the module exports. */
  isInside(value: Node): boolean {
    this.#owners ??= new Owners(this.#code, this.#units, this.#members);
    if (this.#owners.isEmpty || this.#handsState(value)) return false;
    const flow = new Flow(
      this.#code,
      this.#units,
      this.#members,
      this.#owners,
    );
    return flow.of(value) === GONE && flow.to.length === 0;
  }

  /** What a function does with its arguments. */
  ofParameters(fn: Node): ParameterFacts[] {
    if (readsAll(fn)) return [{ fate: "held", rest: true }];
    return many(fn, "params").map((it) => {
      const flow = this.#flow();
      const facts = passing(flow.ofParameter(it), flow);
      if (it.type === "RestElement") return { ...facts, rest: true };
      const met = metAs(it, this.#code);
      return { ...facts, ...met ? { met } : {} };
    });
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
        return this.of(up?.key === "callee" ? up.node : member).fate ===
          "held";
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

function passing(fate: number, { to }: Flow): Passing {
  if (fate === HELD) return { fate: "held" };
  if (to.length === 0) return fate === PASSED ? { fate: "passed" } : {};
  return { fate: "passed", to, ...fate === GONE ? { only: true } : {} };
}

const STATELESS = new Set(["primitive", "frozen", "function", "class"]);
