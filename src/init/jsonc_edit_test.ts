import { assertEquals } from "@std/assert";
import { parseJsonc } from "@flyhot/runtime/protocol";
import { addMember } from "./jsonc_edit.ts";

const add = (text: string) =>
  addMember(text, "imports", "@flyhot/runtime", "jsr:x");

Deno.test("addMember() adds at the end, as the file is written", () => {
  assertEquals(
    add('{\n  "imports": {\n    "a": "b"\n  }\n}\n'),
    '{\n  "imports": {\n    "a": "b",\n    "@flyhot/runtime": "jsr:x"\n  }\n}\n',
  );
  assertEquals(
    add('{ "imports": { "a": "b" } }'),
    '{ "imports": { "a": "b", "@flyhot/runtime": "jsr:x" } }',
  );
  assertEquals(
    addMember('{ "a": 1 }', null, "flyhot", { entry: ["a", "b"] }),
    '{ "a": 1, "flyhot": { "entry": [ "a", "b" ] } }',
  );
  assertEquals(
    add('{\n\t"imports": {}\n}\n'),
    '{\n\t"imports": {\n\t\t"@flyhot/runtime": "jsr:x"\n\t}\n}\n',
  );
  assertEquals(
    add("{}"),
    '{\n  "imports": {\n    "@flyhot/runtime": "jsr:x"\n  }\n}',
  );
  assertEquals(
    add('{\n    "tasks": { "start": "x" }\n}\n'),
    '{\n    "tasks": { "start": "x" },\n    "imports": {\n        "@flyhot/runtime": "jsr:x"\n    }\n}\n',
  );
  assertEquals(
    add('{\r\n  "a": 1\r\n}\r\n'),
    '{\r\n  "a": 1,\r\n  "imports": {\r\n    "@flyhot/runtime": "jsr:x"\r\n  }\r\n}\r\n',
  );
});

Deno.test("addMember() breaks an object up that gets too long for its line, unless a comment is in it", () => {
  const long = `https://example.com/${"x".repeat(40)}`;
  assertEquals(
    add(`{\n  "imports": { "a": "${long}", "b": {} }\n}\n`),
    `{\n  "imports": {\n    "a": "${long}",\n    "b": {},\n    "@flyhot/runtime": "jsr:x"\n  }\n}\n`,
  );
  assertEquals(
    add(`{\n  "imports": { "a": "${long}" /* b */ }\n}\n`),
    `{\n  "imports": { "a": "${long}", "@flyhot/runtime": "jsr:x" /* b */ }\n}\n`,
  );
});

Deno.test("addMember() keeps comments and trailing commas where they are", () => {
  assertEquals(
    add(
      '// top\n{\n  /* { */ "imports": {\n    "a": "b", // not "c": {\n    "d": "e" // last\n  }, // end\n}\n',
    ),
    '// top\n{\n  /* { */ "imports": {\n    "a": "b", // not "c": {\n    "d": "e", // last\n    "@flyhot/runtime": "jsr:x"\n  }, // end\n}\n',
  );
  assertEquals(
    add('{\n  "imports": {\n    "a": "b", // c\n  },\n}\n'),
    '{\n  "imports": {\n    "a": "b", // c\n    "@flyhot/runtime": "jsr:x",\n  },\n}\n',
  );
});

Deno.test("addMember() keeps the comments of an empty object", () => {
  assertEquals(
    add('{\n  "imports": {\n    // none yet\n  }\n}\n'),
    '{\n  "imports": {\n    // none yet\n    "@flyhot/runtime": "jsr:x"\n  }\n}\n',
  );
});

Deno.test("addMember() adds to the outermost object, whatever is nested", () => {
  const after = addMember(
    '{\n  "imports": { "flyhot": "x" },\n  "exclude": ["a", { "b": "}" }]\n}\n',
    null,
    "flyhot",
    { entry: "main.ts" },
  );
  assertEquals(
    after,
    '{\n  "imports": { "flyhot": "x" },\n  "exclude": ["a", { "b": "}" }],\n  "flyhot": {\n    "entry": "main.ts"\n  }\n}\n',
  );
});

Deno.test("addMember() gives up on what it does not understand", () => {
  for (
    const text of [
      "",
      "[]",
      '{ "imports": "map.json" }',
      '{ "imports": { "a": "b" ',
      "{ a: 1 }",
      "nonsense",
    ]
  ) {
    assertEquals(add(text), null, text);
  }
});

Deno.test("addMember() never breaks a file, however it is written", () => {
  const blanks = ["", " ", "\n", "\n  ", " // x\n", " /* , } */ "];
  let count = 0;
  for (const one of blanks) {
    for (const two of blanks) {
      for (const comma of ["", ","]) {
        for (const members of ['"a": 1', '"a": { "b": [1, 2] }', ""]) {
          if (members === "" && comma !== "") continue;
          const text = `{${one}${members}${one}${comma}${two}}${two}`;
          const after = add(text);
          if (after === null) continue;
          count++;
          const before = parseJsonc(text) as Record<string, unknown>;
          assertEquals(parseJsonc(after), {
            ...before,
            imports: { "@flyhot/runtime": "jsr:x" },
          }, text);
        }
      }
    }
  }
  // It gives up, and a person is asked, only where something stands between the last member and its comma.
  assertEquals(count, 132);
});
