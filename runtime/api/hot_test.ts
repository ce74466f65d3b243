import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { hot, InvalidatedError } from "./hot.ts";
import { tellHot } from "../upgrade/changes/hot_change.ts";
import { ModuleTable } from "../modules/module_table.ts";
import { instanceUrl } from "../modules/module_urls.ts";
import { appProcess } from "../process/process.ts";
import { systemState } from "../../tests/support/programs/process_state.ts";

const ROOT = "file:///app/";
const meta = (path: string) => ({ url: new URL(path, ROOT).href });

/** An app with nothing in it yet. */
function app(): Disposable {
  const state = systemState({ root: "/app" });
  const { table } = appProcess.modules;
  appProcess.modules.table = new ModuleTable(ROOT, `${ROOT}.flyhot/releases/`);
  return {
    [Symbol.dispose]() {
      appProcess.modules.table = table;
      appProcess.hots.clear();
      state[Symbol.dispose]();
    },
  };
}

/** Makes a new version of a module current, and returns its `import.meta`. */
function nextVersion(path: string): { url: string } {
  const table = appProcess.modules.table!;
  const staged = table.stage(table.releaseFolder("ab".repeat(32)), [path]);
  table.commit(staged);
  return { url: instanceUrl(table.placeOf(path), staged.attempt) };
}

Deno.test("hot() refuses a module that is not on the disk", () => {
  const error = assertThrows(
    () => hot({ url: "https://example.com/part.ts" }),
    TypeError,
  );
  assertEquals(
    error.message,
    "Cannot give https://example.com/part.ts a part in upgrades: it is not a module on the disk; write hot(import.meta)",
  );
});

Deno.test("hot() gives a module the same part each time it asks", () => {
  using _ = app();
  const first = hot(meta("part.ts"));
  first.dispose(() => {});
  first.data.kept = 1;
  const second = hot(meta("part.ts"));
  second.dispose(() => {});
  second.decline("it is busy");
  assertStrictEquals(second.data, first.data);
  const context = appProcess.hots.get("part.ts")!;
  assertEquals(context.disposers.length, 2);
  assertEquals(context.declined, "it is busy");
});

Deno.test("hot() leaves the part of the new instance alone when the old one asks", () => {
  using _ = app();
  const old = meta("part.ts");
  const next = nextVersion("part.ts");
  const { data } = hot(next);
  data.kept = 1;
  const late = hot(old);
  late.dispose(() => {});
  late.data.kept = 2;
  assertEquals(appProcess.hots.get("part.ts")!.disposers, []);
  assertEquals(data.kept, 1);
});

Deno.test("hot() gives an instance that was replaced no part where the new one wants none", () => {
  using _ = app();
  nextVersion("part.ts");
  hot(meta("part.ts")).decline();
  assertEquals([...appProcess.hots.keys()], []);
});

Deno.test("hot().accept() notes paths as seen from the module, whichever release it is from", () => {
  using _ = app();
  const callback = () => {};
  hot(meta("parts/one.ts")).accept();
  const next = nextVersion("parts/two.ts");
  hot(next).accept(["./three.ts", "../four.ts"], callback);
  hot(next).accept("./three.ts", callback);
  assertEquals([...appProcess.hots.get("parts/one.ts")!.accepted], [
    ["parts/one.ts", []],
  ]);
  assertEquals([...appProcess.hots.get("parts/two.ts")!.accepted], [
    ["parts/three.ts", [callback, callback]],
    ["four.ts", [callback]],
  ]);
});

Deno.test("hot().invalidate() throws while an upgrade is on its way, and else only warns", () => {
  using _ = app();
  const warnings: string[] = [];
  const silent = () => {};
  appProcess.logger = {
    info: silent,
    warn: (text) => void warnings.push(text),
    error: silent,
  };
  const own = hot(meta("part.ts"));
  own.invalidate("wrong season");
  const text = "part.ts cannot take this upgrade: wrong season";
  assertEquals(warnings, [text]);
  appProcess.settling = true;
  try {
    const error = assertThrows(() => own.invalidate("wrong season"));
    assertInstanceOf(error, InvalidatedError);
    assertEquals(error.message, text);
    assertEquals(error.name, "InvalidatedError");
  } finally {
    appProcess.settling = false;
  }
});

Deno.test("hot().on() listens until it is ended either way, and a listener that throws is logged", () => {
  using _ = app();
  const errors: string[] = [];
  const silent = () => {};
  appProcess.logger = {
    info: silent,
    warn: silent,
    error: (text) => void errors.push(text),
  };
  const own = hot(meta("part.ts"));
  const heard: string[] = [];
  const listener = ({ message }: { readonly message: string }) =>
    void heard.push(message);
  const tell = (message: string) =>
    tellHot(appProcess, "flyhot:error", { version: "2", message });
  own.on("flyhot:error", () => {
    throw new Error("not me");
  });
  const end = own.on("flyhot:error", listener);
  tell("one");
  end();
  tell("two");
  own.on("flyhot:error", listener);
  tell("three");
  own.off("flyhot:error", listener);
  tell("four");
  assertEquals(heard, ["one", "three"]);
  assertEquals(errors.length, 4);
  assert(
    errors.every((text) =>
      text === "a listener of part.ts to flyhot:error failed: Error: not me"
    ),
    errors[0],
  );
});
