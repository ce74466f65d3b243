import { assertEquals, assertMatch } from "@std/assert";
import { besideWhy, capturedWhy } from "./hidden_state.ts";

const secrets = new WeakMap<object, number>();
const why = (value: (...args: never[]) => unknown) =>
  capturedWhy(value, Function.prototype.toString.call(value));

Deno.test("capturedWhy() names what a function holds on to (P21)", () => {
  let n = 0;
  const self = { n };
  class Arrow {
    n = 0;
    inc = () => ++this.n;
    later = async () => await Promise.resolve(this);
    plain = (by: number) => by + 1;
  }
  const arrow = new Arrow();
  const getter = Object.getOwnPropertyDescriptor({
    get n() {
      return ++n;
    },
  }, "n")!.get!;
  for (
    const [value, said] of [
      [arrow.inc, /\(this\)/],
      [arrow.later, /\(this\)/],
      [Arrow.prototype.constructor.bind(null), /is bound/],
      [
        (function (this: object) {
          return this;
        }).bind(self),
        /is bound/,
      ],
      [() => ++n, /\(n\)/],
      [() => self.n, /\(self\)/],
      [getter, /\(n\)/],
      [
        function* () {
          yield self;
        },
        /\(self\)/,
      ],
      [(a = self) => a, /self\)/],
      [() => () => n, /\(n\)/],
      [() => ({ n }), /\(n\)/],
    ] as const
  ) assertMatch(why(value as () => unknown) ?? "nothing", said);
});

Deno.test("capturedWhy() lets go what holds on to nothing", () => {
  const object = {
    n: 0,
    inc() {
      return ++this.n;
    },
    async *steps(by: number) {
      for (const it of [by]) yield it + this.n;
    },
    get twice() {
      return this.n * 2;
    },
  };
  for (
    const value of [
      object.inc,
      object.steps,
      Object.getOwnPropertyDescriptor(object, "twice")!.get!,
      (a: number, b: number) => Math.max(a, b),
      async (a: string) => (await fetch(a)).status,
      function add(a: number): number {
        return a > 0 ? add(a - 1) : 0;
      },
      Math.max,
      Array.prototype.push,
      Map,
      class {
        n = secrets;
      },
    ]
  ) assertEquals(why(value as () => unknown), null, String(value));
});

Deno.test("besideWhy() finds what classes keep under the identity of their instances (P21)", () => {
  class Secret {
    constructor() {
      secrets.set(this, 0);
    }
    get n() {
      return secrets.get(this);
    }
  }
  class Heir extends Secret {}
  class Checked {
    static made = new WeakSet<object>();
    read(made: WeakSet<object>) {
      return made.has(this);
    }
  }
  const _class_private_field_get = (it: object, of: WeakMap<object, number>) =>
    of.get(it);
  class Compiled {
    read() {
      return _class_private_field_get(this, secrets);
    }
  }
  class Plain {
    children = new Set<Plain>();
    parent: Plain | null = null;
    add(child: Plain) {
      child.parent = this;
      this.children.add(child);
      child.parent.children.delete(this);
      return new Map([[this.children, "secrets.get(this)"]]).get(this.children);
    }
  }
  assertMatch(besideWhy(Secret.prototype)!, /in secrets, under/);
  assertMatch(besideWhy(Heir.prototype)!, /in secrets/);
  assertMatch(besideWhy(Checked.prototype)!, /in made/);
  assertMatch(besideWhy(Compiled.prototype)!, /in a WeakMap/);
  assertEquals(besideWhy(Plain.prototype), null);
  assertEquals(besideWhy(class {}.prototype), null);
});
