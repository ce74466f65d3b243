import { assertEquals, assertThrows } from "@std/assert";
import {
  type Declaration,
  DeclarationError,
  refuseTwice,
  Staging,
} from "./staging.ts";
import type { FamilyDefinition, HolderDefinition } from "./definition.ts";
import type { ServiceDefinition } from "./cells/service_cell.ts";

const STATE = {
  renamedFrom: null,
  version: 1,
  migrate: {},
  actions: {},
  copy: null,
};

function holder(name: string, module = "a.ts"): Declaration {
  const definition: HolderDefinition = {
    ...STATE,
    name,
    module,
    initial: () => 0,
  };
  return { kind: "holder", definition };
}

function family(name: string, module = "a.ts"): Declaration {
  const definition: FamilyDefinition = {
    ...STATE,
    name,
    module,
    initialOf: () => 0,
    idleMs: null,
    evicted: null,
  };
  return { kind: "family", definition };
}

function service(name: string, module = "a.ts"): Declaration {
  const definition: ServiceDefinition = {
    name,
    module,
    start: () => 0,
    stop: null,
    exclusive: false,
    timeoutMs: 1,
  };
  return { kind: "service", definition };
}

Deno.test("Staging keeps what is declared, by kind and in order", () => {
  const staging = new Staging(7);
  assertEquals([staging.attempt, staging.state], [7, "staged"]);
  assertEquals([staging.holders, staging.families, staging.services], [
    [],
    [],
    [],
  ]);
  const declarations = [
    holder("b"),
    service("timer"),
    family("rooms"),
    holder("a", "z.ts"),
    service("b"),
  ];
  for (const declaration of declarations) staging.add(declaration);
  const names = (definitions: readonly { name: string }[]) =>
    definitions.map(({ name }) => name);
  assertEquals(names(staging.holders), ["b", "a"]);
  assertEquals(names(staging.families), ["rooms"]);
  assertEquals(names(staging.services), ["timer", "b"]);
});

Deno.test("Staging.add() refuses a name twice, for holders and families together", () => {
  for (const first of [holder("x"), family("x")]) {
    for (const second of [holder("x", "b.ts"), family("x", "b.ts")]) {
      const staging = new Staging(1);
      staging.add(first);
      assertThrows(
        () => staging.add(second),
        DeclarationError,
        "Cannot declare x in b.ts: a.ts declares it already; rename one of them",
      );
      assertEquals([...staging.declarations.values()], [first]);
    }
  }
});

Deno.test("Staging.add() lets a service have the name of a holder, but not of a service", () => {
  const staging = new Staging(1);
  staging.add(holder("x"));
  staging.add(service("x", "b.ts"));
  assertThrows(
    () => staging.add(service("x", "c.ts")),
    DeclarationError,
    "Cannot declare x in c.ts: b.ts declares it already",
  );
});

Deno.test("Staging.add() does not mind names of object members", () => {
  const staging = new Staging(1);
  for (const name of ["__proto__", "constructor", "state:x", ""]) {
    staging.add(holder(name));
    staging.add(service(name));
  }
  assertEquals(staging.holders.length, 4);
  assertEquals(staging.services.length, 4);
});

Deno.test("refuseTwice() says whether it was one module or two", () => {
  const at = (module: string) => ({ name: "x", module });
  const error = assertThrows(
    () => refuseTwice(at("a.ts"), at("a.ts")),
    DeclarationError,
    "Cannot declare x: a.ts declares it already; give each its own name",
  );
  assertEquals(error.name, "DeclarationError");
  assertThrows(
    () => refuseTwice(at("a.ts"), at("b.ts")),
    DeclarationError,
    "Cannot declare x in b.ts: a.ts declares it already; rename one of them",
  );
});
